#include "models/stable_diffusion/files.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "models/diffusers_files.h"
#include "models/stable_diffusion/model_index.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "models/weight_matcher.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

/// "[load_unet_weights] DIR: …" without its bracket, behind that of the function that collects.
std::string without_caller(const std::string& message) {
  const size_t end = message.starts_with('[') ? message.find("] ") : std::string::npos;
  return end == std::string::npos ? message : message.substr(end + 2);
}

/// Collects what is wrong in several places; each is one line.
class Problems {
 public:
  void try_to(const std::function<void()>& work) {
    try {
      work();
    } catch (const InvalidInput& e) {
      found_.push_back(without_caller(e.what()));
    }
  }
  void add(std::string problem) { found_.push_back(std::move(problem)); }
  void add(std::vector<std::string> problems) { std::move(problems.begin(), problems.end(), std::back_inserter(found_)); }

  void throw_if_any(const std::string& start) const {
    if (found_.empty()) return;
    constexpr size_t kMaxListed = 50;
    std::string text = start;
    for (size_t i = 0; i < std::min(found_.size(), kMaxListed); ++i) text += (i == 0 ? "" : "; ") + found_[i];
    if (found_.size() > kMaxListed) text += concat("; and ", found_.size() - kMaxListed, " more");
    throw InvalidInput(text);
  }

 private:
  std::vector<std::string> found_;
};

void check_parts_fit(const StableDiffusionFiles& files) {
  Problems problems;
  const int64_t latent = files.settings.vae.latent_channels, in = files.settings.unet.in_channels;
  if (files.settings.unet.cross_attention_dim != width_of(files.settings.text_encoder)) {
    problems.add(concat("unet: cross_attention_dim ", files.settings.unet.cross_attention_dim, ", but the states of text_encoder are ",
                        width_of(files.settings.text_encoder), " wide"));
  }
  if (files.settings.unet.out_channels != latent) {
    problems.add(concat("unet: out_channels ", files.settings.unet.out_channels, ", but vae has latent_channels ", latent));
  }
  if (in != latent && in != 2 * latent + 1) {
    problems.add(concat("unet: in_channels ", in, " (WGT_ARCH), known are ", latent, " and, for inpainting, ", 2 * latent + 1));
  }
  problems.throw_if_any(concat("[open_stable_diffusion] ", files.path.string(), ": "));
}

StableDiffusionFiles open_directory(const fs::path& dir) {
  require_model_index(dir);
  StableDiffusionFiles files;
  files.path = dir;
  files.layout = SdLayout::diffusers;
  files.tokenizer_dir = dir / "tokenizer";
  if (!fs::is_directory(files.tokenizer_dir)) throw NotFound(concat("[open_stable_diffusion] ", dir.string(), ": no folder tokenizer"));
  files.settings = read_settings(dir);
  files.checkpoints = {open_diffusers_checkpoint(dir / "text_encoder", "model"), open_diffusers_checkpoint(dir / "unet"),
                       open_diffusers_checkpoint(dir / "vae")};
  return files;
}

StableDiffusionFiles open_single_file(const fs::path& path, const SdOpenConfig& config) {
  std::vector<std::unique_ptr<const io::SafetensorsFile>> opened;
  opened.push_back(std::make_unique<io::SafetensorsFile>(path));
  const auto checkpoint = std::make_shared<const io::Checkpoint>(std::move(opened));
  require_stable_diffusion(shapes_of(*checkpoint), path.string());
  StableDiffusionFiles files;
  files.path = path;
  files.layout = SdLayout::single_file;
  files.unet_source = config.unet;
  files.settings = config.settings_from.empty() ? settings_of(*checkpoint, path, config.prediction_type) : read_settings(config.settings_from);
  files.checkpoints = {checkpoint, checkpoint, checkpoint};
  return files;
}

std::vector<WeightSpec> specs_of(const StableDiffusionFiles& files, SdPart part) {
  switch (part) {
    case SdPart::text_encoder: return text_weight_specs(files.settings.text_encoder);
    case SdPart::unet: return unet_weight_specs(files.settings.unet);
    case SdPart::vae: return vae_weight_specs(files.settings.vae);
  }
  throw InternalError("[specs_of] unknown part");
}

std::string text_prefix(const StableDiffusionFiles& files) {
  if (files.layout == SdLayout::diffusers) return "";
  return std::string(ldm_text_prefix(shapes_of(files.checkpoint(SdPart::text_encoder)), files.path.string()));
}

fs::path part_path(const StableDiffusionFiles& files, SdPart part) {
  return files.layout == SdLayout::diffusers ? files.path / name_of(part) : files.path;
}

std::shared_ptr<const io::Checkpoint> shared_checkpoint(const StableDiffusionFiles& files, SdPart part) {
  return files.checkpoints[static_cast<size_t>(part)];
}

}  // namespace

std::string_view name_of(SdPart part) {
  constexpr std::array<std::string_view, 3> kNames{"text_encoder", "unet", "vae"};
  return kNames[static_cast<size_t>(part)];
}

StableDiffusionFiles open_stable_diffusion(const fs::path& path, const SdOpenConfig& config) {
  if (!fs::exists(path)) throw NotFound(concat("[open_stable_diffusion] ", path.string(), ": no such model"));
  StableDiffusionFiles files = fs::is_directory(path) ? open_directory(path) : open_single_file(path, config);
  check_parts_fit(files);
  log_debug("[open_stable_diffusion] ", path.string(), ": ", kind_of(files));
  return files;
}

std::string kind_of(const StableDiffusionFiles& files) {
  const int64_t width = files.settings.unet.cross_attention_dim;
  const std::string kind = width == 768 ? "sd1" : width == 1024 ? "sd2" : "custom";
  return files.is_inpainting() ? kind + "-inpainting" : kind;
}

ClipWeights load_text_weights(const StableDiffusionFiles& files) {
  return match_text_weights(shared_checkpoint(files, SdPart::text_encoder), part_path(files, SdPart::text_encoder), files.settings.text_encoder,
                            text_prefix(files));
}

Weights load_unet_weights(const StableDiffusionFiles& files) {
  if (files.layout == SdLayout::diffusers) return match_unet_weights(shared_checkpoint(files, SdPart::unet), part_path(files, SdPart::unet), files.settings.unet);
  return match_ldm_unet(shared_checkpoint(files, SdPart::unet), files.path, files.settings.unet, files.unet_source);
}

Weights load_vae_weights(const StableDiffusionFiles& files) {
  if (files.layout == SdLayout::diffusers) return match_vae_weights(shared_checkpoint(files, SdPart::vae), part_path(files, SdPart::vae), files.settings.vae);
  return match_ldm_vae(shared_checkpoint(files, SdPart::vae), files.path, files.settings.vae);
}

StableDiffusionWeights load_stable_diffusion_weights(const StableDiffusionFiles& files) {
  Problems problems;
  std::optional<ClipWeights> text;
  std::optional<Weights> unet, vae;
  problems.try_to([&] { text.emplace(load_text_weights(files)); });
  problems.try_to([&] { unet.emplace(load_unet_weights(files)); });
  problems.try_to([&] { vae.emplace(load_vae_weights(files)); });
  if (files.layout == SdLayout::single_file) problems.add(foreign_tensors(files.checkpoint(SdPart::unet), text_prefix(files)));
  problems.throw_if_any("[load_stable_diffusion_weights] ");
  return {std::move(*text), std::move(*unet), std::move(*vae)};
}

std::string part_sha256(const StableDiffusionFiles& files, SdPart part) {
  const auto& opened = files.checkpoint(part).files();
  if (opened.size() == 1) return sha256_file(opened.front()->path());
  std::string hashes;
  for (const auto& file : opened) hashes += sha256_file(file->path());
  return sha256_hex(hashes);
}

int64_t memory_bytes(const StableDiffusionFiles& files, SdPart part, int64_t bytes_per_value) {
  int64_t values = 0;
  for (const WeightSpec& spec : specs_of(files, part)) {
    int64_t count = 1;
    for (const int64_t size : spec.shape) count *= size;
    values += count;
  }
  return values * bytes_per_value;
}

int64_t memory_bytes(const StableDiffusionFiles& files, int64_t bytes_per_value) {
  int64_t bytes = 0;
  for (const SdPart part : kSdParts) bytes += memory_bytes(files, part, bytes_per_value);
  return bytes;
}

}  // namespace vitrine::models
