#include "models/probe/module.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "models/resnet_block.h"

namespace vitrine::models {
namespace {

constexpr double kNormEps = 1e-5;

}  // namespace

ProbeOutput probe_forward(const ProbeConfig& config, const nn::TensorScope& scope, const at::Tensor& pictures) {
  const int64_t smallest = int64_t{1} << config.block_out_channels.size();
  VITRINE_REQUIRE(pictures.dim() == 4 && pictures.size(1) == 3 && pictures.size(2) >= smallest && pictures.size(3) >= smallest,
                  "[probe_forward] pictures: expected [B, 3, H, W] with sides of at least ", smallest, ", got ", pictures.sizes());
  at::Tensor x = nn::conv2d(pictures.to(scope["conv_in.weight"].scalar_type()), scope / "conv_in");
  for (size_t level = 0; level < config.block_out_channels.size(); ++level) {
    const nn::TensorScope block = scope.child("blocks", static_cast<int64_t>(level));
    x = nn::conv2d(x, block / "downsampler", 2);
    for (int64_t j = 0; j < config.layers_per_block; ++j) x = resnet_block(block.child("resnets", j), x, {}, {config.norm_num_groups, kNormEps});
  }
  const at::Tensor features = nn::group_norm(x, scope / "norm_out", config.norm_num_groups, kNormEps, nn::Then::silu).mean({2, 3});
  return {nn::linear(features, scope / "head").to(at::kFloat), features.to(at::kFloat)};
}

}  // namespace vitrine::models
