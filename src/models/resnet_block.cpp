#include "models/resnet_block.h"

#include <ATen/ATen.h>

namespace vitrine::models {

at::Tensor resnet_block(const nn::TensorScope& scope, const at::Tensor& x, const at::Tensor& time, const ResnetConfig& config) {
  const auto norm = [&](const at::Tensor& in, const char* name) {
    return nn::group_norm(in, scope / name, config.norm_num_groups, config.norm_eps, nn::Then::silu);
  };
  at::Tensor hidden = nn::conv2d(norm(x, "norm1"), scope / "conv1");
  if (time.defined()) hidden = hidden + nn::linear(time, scope / "time_emb_proj").unsqueeze(-1).unsqueeze(-1);
  hidden = nn::conv2d(norm(hidden, "norm2"), scope / "conv2");
  const bool keeps_width = !scope.has("conv_shortcut.weight");
  return (keeps_width ? x : nn::conv2d(x, scope / "conv_shortcut", 1, 0)) + hidden;
}

at::Tensor upsample_block(const nn::TensorScope& scope, const at::Tensor& x, int64_t height, int64_t width) {
  return nn::conv2d(at::upsample_nearest2d(x, {height, width}), scope / "conv");
}

}  // namespace vitrine::models
