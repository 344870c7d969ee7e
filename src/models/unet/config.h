// models/unet/config.h - the settings of Stable Diffusion's UNet, as its config.json names them (UNet2DConditionModel).
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::models {

/// Level i stands for entry i of the lists; the lists of the way up run from the deepest level.
struct UNetConfig {
  int64_t sample_size = 64;   // latent side the model was trained at, for default sizes
  int64_t in_channels = 4;    // 9 = inpainting: latents, mask, masked picture
  int64_t out_channels = 4;
  std::vector<std::string> down_block_types = {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"};
  std::vector<std::string> up_block_types = {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"};
  std::string mid_block_type = "UNetMidBlock2DCrossAttn";
  std::vector<int64_t> block_out_channels = {320, 640, 1280, 1280};
  std::vector<int64_t> layers_per_block = {2, 2, 2, 2};
  std::vector<int64_t> transformer_layers_per_block = {1, 1, 1, 1};
  std::vector<int64_t> num_attention_heads = {8, 8, 8, 8};  // diffusers writes them as attention_head_dim
  int64_t cross_attention_dim = 768;  // width of the text states
  int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  int64_t downsample_padding = 1;
  bool use_linear_projection = false;  // proj_in and proj_out are matrices (SD 2.x), not 1x1 convolutions
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  int64_t time_cond_proj_dim = 0;  // width of the guidance embedding (LCM); 0 = none
  int64_t addition_embed_heads = 0;  // heads that pool the text states into the time embedding (addition_embed_type "text"); 0 = they are not

  size_t num_levels() const { return block_out_channels.size(); }
  int64_t time_width() const { return 4 * block_out_channels.front(); }
  bool has_attention_down(size_t level) const { return down_block_types[level] == "CrossAttnDownBlock2D"; }
  bool has_attention_up(size_t idx) const { return up_block_types[idx] == "CrossAttnUpBlock2D"; }
};

/// Throws InvalidInput, naming `where`, the field and its value: a block type we do not know, lists of different lengths,
/// a width that the groups or heads do not divide, a size below 1.
void validate(const UNetConfig& config, std::string_view where);

/// Reads and validates DIR/config.json. block_out_channels must be there; other absent fields have the defaults of
/// diffusers. Throws NotFound, Corrupt (not JSON), InvalidInput (also for a feature that is not supported and is not
/// at its default, such as class embeddings).
UNetConfig read_unet_config(const std::filesystem::path& unet_dir);
UNetConfig unet_config_from_json(const Json& json, std::string_view where);

/// A config.json that diffusers reads.
Json to_json(const UNetConfig& config);

}  // namespace vitrine::models
