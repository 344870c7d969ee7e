#include "recipes/recall.h"

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/resource.h"
#include "imagery/picture_record.h"
#include "io/picture_metadata.h"
#include "models/stable_diffusion/files.h"

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

/// The hash that pictures name: of a model's UNet (the file itself when it is a single one), of an
/// adapter's file.
std::string hash_of(const fs::path& path, bool is_model) {
  if (!is_model) return sha256_file(path);
  return models::part_sha256(models::open_stable_diffusion(path), models::SdPart::unet);
}

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
    json["model"] = take_file(settings_.model, true);
    json["lora"] = Json::array();
    for (const UsedFile& adapter : settings_.adapters)
      json["lora"].push_back(take_file(adapter, false));
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

  Json take_file(const UsedFile& used, bool is_model) {
    Json json = {{"file", used.file}, {"sha256", used.sha256}, {"path", nullptr}};
    if (!is_model) json["weight"] = used.weight;
    if (used.file.empty() && used.sha256.empty()) return json;
    const fs::path path = folder_ / used.file;
    const bool there = !folder_.empty() && !used.file.empty() && fs::exists(path) &&
                       has_hash(path, used, is_model);
    if (there)
      json["path"] = path.string();
    else
      missing_.push_back(concat(is_model ? "model " : "adapter ", used.file, " (sha256 ",
                                used.sha256.empty() ? "unknown" : used.sha256, ")"));
    const std::string shown = there               ? path.string()
                              : used.file.empty() ? concat("sha256:", used.sha256)
                                                  : used.file;
    command_ += is_model ? concat(" --model ", shell_word(shown))
                         : concat(" --lora ", shell_word(concat(shown, ":", used.weight)));
    return json;
  }

  bool has_hash(const fs::path& path, const UsedFile& used, bool is_model) const {
    if (!config_.check_models || used.sha256.empty()) return true;
    try {
      return hash_of(path, is_model).starts_with(used.sha256);
    } catch (const Error& e) {  // another thing of that name
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
