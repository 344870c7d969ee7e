#include "recipes/recall.h"

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/resource.h"
#include "imagery/picture_record.h"
#include "io/picture_metadata.h"
#include "models/stable_diffusion/files.h"
#include "recipes/picture_model_identity.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using imagery::RestoredSettings;
using imagery::UsedFile;

fs::path model_folder(const RecallConfig& config) {
  if (!config.models.empty()) return config.models;
  if (const char* folder = std::getenv("VITRINE_MODELS")) return folder;
  try {
    return resource_path("models");
  } catch (const NotFound&) {
    return {};
  }
}

/// As one word of a shell's command line.
std::string shell_word(const std::string& text) {
  const bool plain =
      !text.empty() &&
      text.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,") == text.npos;
  if (plain) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// Which hash of the model at `path` is not that of the picture, as "vae_sha256 0123…"; "" = none.
/// Those that the picture does not name are not compared.
std::string other_part_of(const fs::path& path, const RestoredSettings& settings) {
  if (settings.model.sha256.empty() && settings.model_parts.empty()) return "";
  const PictureModelIdentity identity = identity_of(models::open_stable_diffusion(path));
  if (!identity.unet_sha256.starts_with(settings.model.sha256))
    return concat("sha256 ", settings.model.sha256);
  for (const auto& [name, sha256] : settings.model_parts)
    if (identity.parts.at(name) != sha256) return concat(name, " ", sha256);
  return "";
}

/// Whether `name` is that of something in a folder, not of a place elsewhere.
bool is_bare(const std::string& name) { return !name.empty() && imagery::bare_name(name) == name; }

/// A file that a person has to put there: never one that this program looks for.
std::string here(const std::string& name) { return name.empty() ? "FILE" : "./" + name; }

class Recaller {
 public:
  Recaller(const std::string& file, const RecallConfig& config, RestoredSettings settings)
      : file_(file),
        config_(config),
        folder_(model_folder(config)),
        settings_(std::move(settings)) {}

  Json run() {
    Json json = {{"file", file_},
                 {"source", settings_.source},
                 {"prompt", settings_.prompt},
                 {"negative_prompt", settings_.negative_prompt}};
    command_ = concat("vitrine draw --prompt ", shell_word(settings_.prompt));
    if (!settings_.negative_prompt.empty())
      command_ += concat(" --negative-prompt ", shell_word(settings_.negative_prompt));
    add(json, "seed", settings_.seed);
    take_index(json);
    add(json, "width", settings_.width);
    add(json, "height", settings_.height);
    add(json, "num_inference_steps", settings_.steps);
    add(json, "guidance_scale", settings_.guidance_scale);
    if (!settings_.scheduler.empty()) add(json, "scheduler", std::optional(settings_.scheduler));
    take_computing(json);
    take_material(json);
    json["model"] = take_model();
    json["lora"] = Json::array();
    for (const UsedFile& adapter : settings_.adapters) json["lora"].push_back(take_adapter(adapter));
    if (!settings_.size_label.empty()) json["size_label"] = settings_.size_label;
    json["other"] = settings_.other;
    json["missing"] = missing_;
    // The seed is that of the attempt that was kept: it is drawn as it was, whatever an inspection says.
    json["command"] = command_ + " --no-inspect --output FOLDER";
    return json;
  }

 private:
  /// A setting under the name of draw's option.
  template <typename Value>
  void add(Json& json, std::string name, const std::optional<Value>& value) {
    if (!value) return;
    json[name] = *value;
    for (char& c : name)
      if (c == '_') c = '-';
    command_ += concat(" --", name, " ", *value);
  }

  /// The k-th picture of a seed is the last of k + 1.
  void take_index(Json& json) {
    if (!settings_.index || *settings_.index < 0 || *settings_.index > 1'000'000) return;
    json["index"] = *settings_.index;
    command_ += concat(" -n ", *settings_.index + 1);
  }

  /// How draw computes, beside the sampler.
  void take_computing(Json& json) {
    if (settings_.use_karras_sigmas) {
      json["use_karras_sigmas"] = true;
      command_ += " --use-karras-sigmas";
    }
    if (!settings_.dtype.empty()) add(json, "dtype", std::optional(settings_.dtype));
    if (!settings_.vae_tiling) return;
    const std::optional<std::string> tiling = *settings_.vae_tiling ? "on" : "off";
    add(json, "vae_tiling", tiling);
  }

  /// What the picture began with. It lies with whoever drew it: always missing, by name and hash.
  void take_material(Json& json) {
    if (settings_.strength && !settings_.image) settings_.image = UsedFile();  // an older record names none
    add(json, "strength", settings_.strength);
    for (const auto& [name, used] : {std::pair{"image", settings_.image}, {"mask", settings_.mask}, {"latents", settings_.latents}}) {
      if (!used) continue;
      json[name] = {{"file", used->file}, {"sha256", used->sha256}};
      miss(name, *used, concat("sha256 ", used->sha256.empty() ? "unknown" : used->sha256));
      command_ += concat(" --", name, " ", shell_word(here(used->file)));
    }
  }

  void miss(std::string_view what, const UsedFile& used, const std::string& why) {
    missing_.push_back(concat(what, " ", used.file, used.file.empty() ? "(" : " (", why, ")"));
  }

  Json take_model() {
    const UsedFile& used = settings_.model;
    Json json = {{"file", used.file}, {"sha256", used.sha256}, {"path", nullptr}};
    for (const auto& [name, sha256] : settings_.model_parts) json[name] = sha256;
    if (used.file.empty() && used.sha256.empty()) return json;
    const fs::path path = place_of(used);
    const std::string why = why_not_the_model(path);
    if (why.empty())
      json["path"] = path.string();
    else
      miss("model", used, why);
    command_ += concat(" --model ", shell_word(why.empty() ? path.string() : name_of(used)));
    return json;
  }

  Json take_adapter(const UsedFile& used) {
    Json json = {{"file", used.file}, {"sha256", used.sha256}, {"path", nullptr}, {"weight", used.weight}};
    if (used.file.empty() && used.sha256.empty()) return json;
    const fs::path path = place_of(used);
    const bool there = !path.empty() && is_adapter(path, used);
    if (there)
      json["path"] = path.string();
    else
      miss("adapter", used, concat("sha256 ", used.sha256.empty() ? "unknown" : used.sha256));
    command_ += concat(" --lora ", shell_word(concat(there ? path.string() : name_of(used), ":", used.weight)));
    return json;
  }

  static std::string name_of(const UsedFile& used) {
    return used.file.empty() ? concat("sha256:", used.sha256) : used.file;
  }

  /// In the folder of models; empty when it is not there. A name that leads elsewhere is never followed.
  fs::path place_of(const UsedFile& used) const {
    if (folder_.empty() || !is_bare(used.file) || !fs::exists(folder_ / used.file)) return {};
    return folder_ / used.file;
  }

  /// "" = it is there.
  std::string why_not_the_model(const fs::path& path) const {
    const std::string unknown = concat("sha256 ", settings_.model.sha256.empty() ? "unknown" : settings_.model.sha256);
    if (path.empty()) return unknown;
    if (!config_.check_models) return "";
    try {
      return other_part_of(path, settings_);
    } catch (const Error& e) {  // another thing of that name
      log_warn("[recall] ", path.string(), ": ", e.what());
      return unknown;
    }
  }

  bool is_adapter(const fs::path& path, const UsedFile& used) const {
    if (!config_.check_models || used.sha256.empty()) return true;
    try {
      return adapter_sha256(path).starts_with(used.sha256);
    } catch (const Error& e) {
      log_warn("[recall] ", path.string(), ": ", e.what());
      return false;
    }
  }

  const std::string& file_;
  const RecallConfig& config_;
  fs::path folder_;
  RestoredSettings settings_;
  std::string command_;
  Json missing_ = Json::array();
};

}  // namespace

Json recall(const std::string& file, const RecallConfig& config) {
  const std::string bytes = read_file(file);
  auto settings = imagery::restore_settings(io::read_picture_metadata(bytes, file), file);
  VITRINE_REQUIRE(settings, "[recall] RECALL_NOTHING ", file,
                  ": it holds no settings of vitrine, A1111 or ComfyUI");
  return Recaller(file, config, std::move(*settings)).run();
}

}  // namespace vitrine::recipes
