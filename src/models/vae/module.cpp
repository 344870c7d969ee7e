#include "models/vae/module.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "models/resnet_block.h"
#include "nn/attention.h"
#include "nn/picture_ops.h"

namespace vitrine::models {
namespace {

constexpr double kNormEps = 1e-6;
constexpr double kMinLogvar = -30, kMaxLogvar = 20;

at::Tensor attention_block(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& x) {
  const int64_t B = x.size(0), C = x.size(1), H = x.size(2), W = x.size(3);
  const at::Tensor normed = nn::group_norm(x, scope / "group_norm", config.norm_num_groups, kNormEps);
  const at::Tensor rows = normed.permute({0, 2, 3, 1}).reshape({B, H * W, C});
  const at::Tensor seen = nn::attention(nn::linear(rows, scope / "to_q"), nn::linear(rows, scope / "to_k"), nn::linear(rows, scope / "to_v"), 1);
  const at::Tensor way_past = x.permute({0, 2, 3, 1}).reshape({B, H * W, C});
  return nn::linear(seen, scope / "to_out.0", way_past).view({B, H, W, C}).permute({0, 3, 1, 2});
}

at::Tensor resnet(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& x) {
  return resnet_block(scope, x, {}, {config.norm_num_groups, kNormEps});
}

at::Tensor mid_block(const VaeConfig& config, const nn::TensorScope& scope, at::Tensor x) {
  x = resnet(config, scope / "resnets.0", x);
  if (config.mid_block_add_attention) x = attention_block(config, scope / "attentions.0", x);
  return resnet(config, scope / "resnets.1", x);
}

at::Tensor norm_and_conv_out(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& x) {
  return nn::conv2d(nn::group_norm(x, scope / "conv_norm_out", config.norm_num_groups, kNormEps, nn::Then::silu), scope / "conv_out");
}

at::Tensor encoder(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& pictures) {
  at::Tensor x = nn::conv2d(pictures, scope / "conv_in");
  for (size_t level = 0; level < config.num_levels(); ++level) {
    const nn::TensorScope block = scope.child("down_blocks", static_cast<int64_t>(level));
    for (int64_t j = 0; j < config.layers_per_block; ++j) x = resnet(config, block.child("resnets", j), x);
    if (level + 1 == config.num_levels()) break;
    // Padded on the right and below only, as the original does.
    x = nn::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), block / "downsamplers.0.conv", 2, 0);
  }
  return norm_and_conv_out(config, scope, mid_block(config, scope / "mid_block", x));
}

at::Tensor decoder(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& latents) {
  at::Tensor x = mid_block(config, scope / "mid_block", nn::conv2d(latents, scope / "conv_in"));
  for (size_t idx = 0; idx < config.num_levels(); ++idx) {
    const nn::TensorScope block = scope.child("up_blocks", static_cast<int64_t>(idx));
    for (int64_t j = 0; j <= config.layers_per_block; ++j) x = resnet(config, block.child("resnets", j), x);
    if (idx + 1 < config.num_levels()) x = nn::upsampled_conv2d(x, block / "upsamplers.0.conv", 2 * x.size(2), 2 * x.size(3));
  }
  return norm_and_conv_out(config, scope, x);
}

}  // namespace

LatentDistribution vae_encode(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& pictures) {
  const int64_t step = config.downscale();
  VITRINE_REQUIRE(pictures.dim() == 4 && pictures.size(1) == config.in_channels && pictures.size(2) % step == 0 && pictures.size(3) % step == 0,
                  "[vae_encode] pictures: expected [B, ", config.in_channels, ", H, W] with sides that are multiples of ", step, ", got ",
                  pictures.sizes());
  const at::ScalarType dtype = scope["encoder.conv_in.weight"].scalar_type();
  at::Tensor moments = encoder(config, scope / "encoder", pictures.to(dtype));
  if (config.use_quant_conv) moments = nn::conv2d(moments, scope / "quant_conv", 1, 0);
  const auto halves = moments.chunk(2, 1);
  return {halves[0], halves[1].clamp(kMinLogvar, kMaxLogvar)};
}

at::Tensor vae_decode(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& latents) {
  VITRINE_REQUIRE(latents.dim() == 4 && latents.size(1) == config.latent_channels, "[vae_decode] latents: expected [B, ", config.latent_channels,
                  ", h, w], got ", latents.sizes());
  at::Tensor x = latents.to(scope["decoder.conv_in.weight"].scalar_type());
  if (config.use_post_quant_conv) x = nn::conv2d(x, scope / "post_quant_conv", 1, 0);
  return decoder(config, scope / "decoder", x);
}

}  // namespace vitrine::models
