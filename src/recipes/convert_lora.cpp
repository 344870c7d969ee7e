#include "recipes/convert_lora.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/log.h"
#include "models/lora/lora_file.h"
#include "recipes/picture_model.h"
#include "recipes/weight_type.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using models::LoraDialect;

constexpr std::array<std::string_view, 5> kFiles{"adapter_config.json", "adapter_model.safetensors", "unet", "text_encoder", kManifestName};
constexpr ArtefactKind kAdapter{"lora", kFiles};

LoraDialect dialect_of(const std::string& word) {
  if (word == "kohya") return LoraDialect::kohya;
  return word == "peft" ? LoraDialect::peft : LoraDialect::diffusers;
}

/// Of Stable Diffusion 1.5.
models::SdSettings usual_settings() {
  models::ClipTextConfig text;
  text.hidden_size = text.projection_dim = 768;
  text.intermediate_size = 3072;
  text.num_attention_heads = 12;
  return {.text_encoder = text, .unet = {}, .vae = {}, .scheduler = {}};
}

fs::path output_place(const std::string& input, const ConvertLoraConfig& config) {
  const std::array<std::string, 1> inputs{input};
  if (config.to == "peft") {
    const fs::path place = require_artefact_place("convert", config.output, kAdapter, inputs);
    if (place == fs::weakly_canonical(input)) throw UsageError(concat("[convert] --output: ", config.output, " is the input"));
    return place;
  }
  check_file_arguments("convert", inputs, {{"--output", config.output}});
  if (config.output == "-") throw UsageError("[convert] --output: -: a file is written, which standard output cannot take");
  return config.output;
}

void write_directory(const fs::path& place, const models::LoraFile& lora, const models::LoraSaveConfig& save) {
  ArtefactFolder folder(place, kAdapter);
  models::save_lora(folder.path(), lora.pairs, LoraDialect::peft, save);
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest_of(kAdapter)));
  folder.commit();
}

/// Settings of the old dialect must not outlive it.
std::map<std::string, std::string> kept_metadata(std::map<std::string, std::string> metadata) {
  metadata.erase("lora_adapter_metadata");
  return metadata;
}

}  // namespace

void convert_lora(const std::string& input, const std::string& dtype, const ConvertLoraConfig& config) {
  const fs::path place = output_place(input, config);
  std::optional<models::StableDiffusionFiles> base;
  if (!config.model.empty()) base = models::open_stable_diffusion(find_picture_model(config.model));
  const models::LoraTargets targets(base ? base->settings : usual_settings());
  const models::LoraFile lora = models::read_lora(input, targets, {.skip_missing = config.skip_missing});
  if (base) models::warn_of_other_base(lora, *base);
  const models::LoraSaveConfig save{.dtype = weight_type(dtype), .metadata = kept_metadata(lora.metadata)};
  if (config.to == "peft") {
    write_directory(place, lora, save);
  } else {
    models::save_lora(place, lora.pairs, dialect_of(config.to), save);
  }
  log_info("[convert] ", input, ": ", lora.pairs.size(), " modules from ", models::name_of(lora.dialect), " to ", config.to);
}

}  // namespace vitrine::recipes
