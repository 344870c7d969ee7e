// models/stable_diffusion/ldm_names.h - the names of a single file (CompVis' latent-diffusion, "LDM") beside those of
// diffusers, for any UNet and VAE of our kinds.
//
// The plan of Stable Diffusion has four levels; with other levels and layers the same naming goes on: input_blocks counts
// conv_in, then each layer and each downsampler; output_blocks counts the layers of the way up.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/unet/config.h"
#include "models/vae/config.h"

namespace vitrine::models {

/// A module in both layouts: what stands before ".weight" and ".bias", or before the names of what is inside.
struct LdmModule {
  std::string own;  // down_blocks.0.resnets.1.norm1
  std::string ldm;  // input_blocks.2.0.in_layers.0
};

/// Names behind `model.diffusion_model.` of a file.
std::vector<LdmModule> ldm_unet_modules(const UNetConfig& config);
/// Names behind `first_stage_model.`.
std::vector<LdmModule> ldm_vae_modules(const VaeConfig& config);

/// The name of a tensor or module in the other layout; nothing when it is in none of `modules`.
std::optional<std::string> to_ldm(const std::vector<LdmModule>& modules, std::string_view own);
std::optional<std::string> from_ldm(const std::vector<LdmModule>& modules, std::string_view ldm);

/// Whether a tensor of the VAE is a matrix here and a 1x1 kernel [out, in, 1, 1] in a single file: those of attention.
bool is_kernel_in_ldm(std::string_view own_vae_name);

}  // namespace vitrine::models
