// models/stable_diffusion/files.h - a Stable Diffusion model on disk, in either layout: a directory of diffusers, or a single
// file with LDM names. Opened is what is small: settings and headers; weights are matched part by part.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "io/checkpoint.h"
#include "models/clip/weights.h"
#include "models/stable_diffusion/settings.h"
#include "models/stable_diffusion/single_file.h"
#include "models/weights.h"

namespace vitrine::models {

enum class SdLayout { diffusers, single_file };
enum class SdPart { text_encoder, unet, vae };
inline constexpr std::array<SdPart, 3> kSdParts{SdPart::text_encoder, SdPart::unet, SdPart::vae};
/// "text_encoder", "unet", "vae": the folders of a directory.
std::string_view name_of(SdPart part);

struct SdOpenConfig {
  /// A single file alone: a diffusers directory whose settings count, where the file has none and shapes do not tell them.
  std::filesystem::path settings_from = {};
  UNetSource unet = UNetSource::weights;  // single file: average takes model_ema.
  std::string prediction_type = {};       // single file: epsilon | v_prediction, instead of what it says or what is usual
};

/// Copies share the mapped files. Any thread may read it.
struct StableDiffusionFiles {
  std::filesystem::path path;  // the directory or the file
  SdLayout layout = SdLayout::diffusers;
  SdSettings settings;
  std::filesystem::path tokenizer_dir;  // empty: the file has none, and its text encoder reads CLIP's vocabulary
  UNetSource unet_source = UNetSource::weights;
  std::array<std::shared_ptr<const io::Checkpoint>, 3> checkpoints;  // by part; a single file is in all three

  const io::Checkpoint& checkpoint(SdPart part) const { return *checkpoints[static_cast<size_t>(part)]; }
  bool is_inpainting() const { return settings.unet.in_channels > settings.vae.latent_channels; }
};

/// A directory has model_index.json, unet/, vae/, text_encoder/, tokenizer/ and scheduler/; a single file may hold the settings
/// in its metadata (docs/formats/stable_diffusion.md), else they are read off the shapes. A file of pickles is refused (WGT_PICKLE).
/// Throws NotFound, Corrupt, InvalidInput: a part or setting is missing, unknown (WGT_ARCH: SDXL and others) or does not fit the
/// other parts, all that does not fit listed at once.
StableDiffusionFiles open_stable_diffusion(const std::filesystem::path& path, const SdOpenConfig& config = {});

/// "sd1", "sd2" or "custom" by the width of the text states, with "-inpainting" for more input channels.
std::string kind_of(const StableDiffusionFiles& files);

/// The tensors of a part under our names. Throw what WeightMatcher::finish throws.
ClipWeights load_text_weights(const StableDiffusionFiles& files);
Weights load_unet_weights(const StableDiffusionFiles& files);
Weights load_vae_weights(const StableDiffusionFiles& files);

struct StableDiffusionWeights {
  ClipWeights text_encoder;
  Weights unet, vae;
};
/// All parts. Throws InvalidInput with what is missing, unexpected and misshapen in all of them (of a single file also tensors
/// that belong to no part), Corrupt (WGT_NONFINITE).
StableDiffusionWeights load_stable_diffusion_weights(const StableDiffusionFiles& files);

/// SHA-256 of the file of a part, over its shards where there are more. Reads the whole file.
std::string part_sha256(const StableDiffusionFiles& files, SdPart part);

/// Bytes that the tensors of a part, or of all, take in memory in a type of `bytes_per_value`.
int64_t memory_bytes(const StableDiffusionFiles& files, SdPart part, int64_t bytes_per_value);
int64_t memory_bytes(const StableDiffusionFiles& files, int64_t bytes_per_value);

}  // namespace vitrine::models
