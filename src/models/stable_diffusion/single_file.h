// models/stable_diffusion/single_file.h - what a single file holds: its kind and settings, read off names and shapes, and
// its tensors under our names.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/checkpoint.h"
#include "models/unet/config.h"
#include "models/vae/config.h"
#include "models/weights.h"

namespace vitrine::models {

inline constexpr std::string_view kLdmUNet = "model.diffusion_model.", kLdmVae = "first_stage_model.";
/// Of text encoders: names of transformers (SD 1.x), names of OpenCLIP (SD 2.x).
inline constexpr std::string_view kLdmClip = "cond_stage_model.transformer.", kLdmOpenClip = "cond_stage_model.model.";

using Shapes = std::map<std::string, std::vector<int64_t>, std::less<>>;
Shapes shapes_of(const io::Checkpoint& checkpoint);

/// Refuses what is no Stable Diffusion 1 or 2: throws InvalidInput (WGT_ARCH), one line that names `where` and what was
/// found (SDXL, a ControlNet, a UNet alone, nothing known).
void require_stable_diffusion(const Shapes& shapes, std::string_view where);

/// Settings that shapes determine, and of the others those of Stable Diffusion: 32 groups; heads of 64 with linear
/// projections (2.x), else 8 heads. sample_size is 64.
/// Throws InvalidInput, naming what is missing or does not fit, such as a width that 32 groups do not divide.
UNetConfig unet_config_of(const Shapes& shapes, std::string_view where);
/// scaling_factor 0.18215, sample_size 512.
VaeConfig vae_config_of(const Shapes& shapes, std::string_view where);

/// The prefix of the text encoder's names: kLdmClip or kLdmOpenClip. Throws InvalidInput when there is neither.
std::string_view ldm_text_prefix(const Shapes& shapes, std::string_view where);

/// Whether a tensor outside the three parts is left aside: buffers of the noise schedule, averaged weights (model_ema.), what only
/// the training of the parts needs.
bool is_ignored_in_ldm(std::string_view stored);

/// The name of the averaged copy of a UNet tensor: model_ema. and the name without its dots.
std::string ldm_average_name(std::string_view ldm_unet_name);

enum class UNetSource { weights, average };

/// Match the tensors of a part. Throw what WeightMatcher::finish throws; `where` is named in messages.
Weights match_ldm_unet(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const UNetConfig& config,
                       UNetSource source = UNetSource::weights);
Weights match_ldm_vae(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const VaeConfig& config);

/// Tensors that belong to no part and are not ignored: a problem for each.
std::vector<std::string> foreign_tensors(const io::Checkpoint& checkpoint, std::string_view text_prefix);

}  // namespace vitrine::models
