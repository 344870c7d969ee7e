// models/vae/config.h - the settings of Stable Diffusion's VAE, as its config.json names them (AutoencoderKL).
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::models {

struct VaeConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  std::vector<int64_t> block_out_channels = {128, 256, 512, 512};  // from the full size down
  int64_t layers_per_block = 2;
  int64_t latent_channels = 4;
  int64_t norm_num_groups = 32;
  int64_t sample_size = 512;
  double scaling_factor = 0.18215;  // latents that the UNet sees = encoded latents times it
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;
  bool mid_block_add_attention = true;

  size_t num_levels() const { return block_out_channels.size(); }
  /// Pixels for each latent along a side: 8 with four levels.
  int64_t downscale() const { return int64_t{1} << (num_levels() - 1); }
};

/// Throws InvalidInput, naming `where`, the field and its value.
void validate(const VaeConfig& config, std::string_view where);

/// Reads and validates DIR/config.json. block_out_channels must be there; other absent fields have the defaults of
/// diffusers. Throws NotFound, Corrupt (not JSON), InvalidInput (also for an unknown block type).
VaeConfig read_vae_config(const std::filesystem::path& vae_dir);
VaeConfig vae_config_from_json(const Json& json, std::string_view where);

/// A config.json that diffusers reads.
Json to_json(const VaeConfig& config);

}  // namespace vitrine::models
