#include "models/resnet_block.h"

#include <ATen/ATen.h>

namespace vitrine::models {

at::Tensor resnet_block(const nn::TensorScope& scope, const at::Tensor& x, const at::Tensor& time, const ResnetConfig& config) {
  const auto norm = [&](const at::Tensor& in, const char* name) {
    return nn::group_norm(in, scope / name, config.norm_num_groups, config.norm_eps, nn::Then::silu);
  };
  const at::Tensor shift = time.defined() ? nn::linear(time, scope / "time_emb_proj") : at::Tensor();  // [B or 1, N]
  const bool one_for_all = shift.defined() && shift.size(0) == 1 && !shift.requires_grad();
  at::Tensor hidden = nn::conv2d(norm(x, "norm1"), scope / "conv1", 1, 1, {.channels = one_for_all ? shift[0] : at::Tensor()});
  if (shift.defined() && !one_for_all) hidden = hidden + shift.unsqueeze(-1).unsqueeze(-1);
  const bool keeps_width = !scope.has("conv_shortcut.weight");
  const at::Tensor way_past = keeps_width ? x : nn::conv2d(x, scope / "conv_shortcut", 1, 0);
  return nn::conv2d(norm(hidden, "norm2"), scope / "conv2", 1, 1, {.picture = way_past});
}

}  // namespace vitrine::models
