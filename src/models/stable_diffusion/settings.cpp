#include "models/stable_diffusion/settings.h"

#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/python_json.h"
#include "models/clip/weights.h"
#include "models/stable_diffusion/single_file.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

constexpr const char *kTextKey = "vitrine.text_encoder", *kUNetKey = "vitrine.unet", *kVaeKey = "vitrine.vae", *kSchedulerKey = "vitrine.scheduler";
constexpr int64_t kLargeSample = 96;  // of the models of 768 pixels
constexpr int64_t kSd2Width = 1024;
constexpr int64_t kSd2Layers = 23;  // of the 24 of OpenCLIP; some converters leave the last one out of the file

const std::map<std::string, std::string>& metadata_of(const io::Checkpoint& checkpoint) { return checkpoint.files().front()->metadata(); }

std::optional<Json> metadata_json(const io::Checkpoint& checkpoint, const char* key, const fs::path& path) {
  const auto found = metadata_of(checkpoint).find(key);
  if (found == metadata_of(checkpoint).end()) return std::nullopt;
  return parse_json(found->second, concat(path.string(), ": __metadata__: ", key));
}

void require_scheduler(const Json& scheduler, std::string_view where) {
  VITRINE_REQUIRE(scheduler.is_object() && scheduler.contains("_class_name") && scheduler["_class_name"].is_string(),
                  "[stable_diffusion] ", where, ": _class_name: expected the name of a scheduler");
}

/// Of Stable Diffusion, as diffusers writes it for a converted file.
Json default_scheduler(const std::string& prediction_type) {
  return {{"_class_name", "PNDMScheduler"}, {"beta_end", 0.012}, {"beta_schedule", "scaled_linear"}, {"beta_start", 0.00085},
          {"clip_sample", false}, {"num_train_timesteps", 1000}, {"prediction_type", prediction_type}, {"set_alpha_to_one", false},
          {"skip_prk_steps", true}, {"steps_offset", 1}, {"timestep_spacing", "leading"}, {"trained_betas", nullptr}};
}

TextConfig text_config_in(const io::Checkpoint& checkpoint, const Shapes& shapes, const std::string& where) {
  const std::string_view prefix = ldm_text_prefix(shapes, where);
  ClipTextConfig config = clip_text_config_of(checkpoint, prefix, where);
  if (prefix == kLdmOpenClip && config.hidden_size == kSd2Width && config.num_hidden_layers == kSd2Layers - 1) config.num_hidden_layers = kSd2Layers;
  return config;
}

std::string prediction_type_in(const io::Checkpoint& checkpoint, const UNetConfig& unet, const fs::path& path) {
  const auto& metadata = metadata_of(checkpoint);
  const auto said = metadata.find("modelspec.prediction_type");
  if (said != metadata.end()) return said->second.starts_with("v") ? "v_prediction" : "epsilon";
  if (unet.cross_attention_dim != kSd2Width || unet.in_channels > unet.out_channels) return "epsilon";
  log_warn(path.string(), ": the file does not say what its UNet predicts; taken as v_prediction, as of the 768 pixel models of Stable Diffusion 2");
  return "v_prediction";
}

}  // namespace

SdSettings read_settings(const fs::path& model_dir) {
  const fs::path scheduler = model_dir / "scheduler" / "scheduler_config.json";
  SdSettings settings{read_text_config(model_dir / "text_encoder"), read_unet_config(model_dir / "unet"), read_vae_config(model_dir / "vae"),
                      read_python_json_file(scheduler)};
  require_scheduler(settings.scheduler, scheduler.string());
  return settings;
}

SdSettings settings_of(const io::Checkpoint& checkpoint, const fs::path& path, const std::string& prediction_type) {
  const Shapes shapes = shapes_of(checkpoint);
  const std::string where = path.string();
  const auto text = metadata_json(checkpoint, kTextKey, path), unet = metadata_json(checkpoint, kUNetKey, path),
             vae = metadata_json(checkpoint, kVaeKey, path), scheduler = metadata_json(checkpoint, kSchedulerKey, path);
  SdSettings settings;
  settings.unet = unet ? unet_config_from_json(*unet, concat(where, ": ", kUNetKey)) : unet_config_of(shapes, where);
  settings.vae = vae ? vae_config_from_json(*vae, concat(where, ": ", kVaeKey)) : vae_config_of(shapes, where);
  settings.text_encoder = text ? text_config_from_json(*text, concat(where, ": ", kTextKey)) : text_config_in(checkpoint, shapes, where);
  if (scheduler && prediction_type.empty()) {
    settings.scheduler = *scheduler;
    require_scheduler(settings.scheduler, concat(where, ": ", kSchedulerKey));
    return settings;
  }
  const std::string predicts = prediction_type.empty() ? prediction_type_in(checkpoint, settings.unet, path) : prediction_type;
  settings.scheduler = default_scheduler(predicts);
  if (!unet && predicts == "v_prediction") settings.unet.sample_size = kLargeSample, settings.vae.sample_size = kLargeSample * 8;
  return settings;
}

std::map<std::string, std::string> settings_metadata(const SdSettings& settings) {
  return {{kTextKey, dump_line(to_json(settings.text_encoder, "float32"))}, {kUNetKey, dump_line(to_json(settings.unet))},
          {kVaeKey, dump_line(to_json(settings.vae))}, {kSchedulerKey, dump_line(settings.scheduler)}};
}

}  // namespace vitrine::models
