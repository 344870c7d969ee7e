#include "nn/picture_ops.h"

#include <ATen/ATen.h>

#include "nn/fused_norms.h"

namespace vitrine::nn {
namespace {

std::optional<at::Tensor> bias_of(const TensorScope& scope) {
  if (!scope.has("bias")) return std::nullopt;
  return scope["bias"];
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const TensorScope& scope, const at::Tensor& added) {
  if (at::Tensor y = frozen_linear(x, scope, added); y.defined()) return y;
  const at::Tensor weight = scope["weight"];
  const at::Tensor y = at::linear(x, weight.dim() == 4 ? weight.flatten(1) : weight, bias_of(scope));
  return added.defined() ? added + y : y;
}

at::Tensor conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding, const Added& added) {
  if (at::Tensor y = frozen_conv2d(x, scope, stride, padding, added); y.defined()) return y;
  at::Tensor y = at::conv2d(x, scope["weight"], bias_of(scope), stride, padding);
  if (added.channels.defined()) y = y + added.channels.view({1, -1, 1, 1});
  return added.picture.defined() ? added.picture + y : y;
}

at::Tensor upsampled_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t height, int64_t width) {
  if (height == 2 * x.size(2) && width == 2 * x.size(3)) {
    if (at::Tensor y = frozen_upsampled_conv2d(x, scope); y.defined()) return y;
  }
  return conv2d(at::upsample_nearest2d(x, {height, width}), scope);
}

at::Tensor group_norm(const at::Tensor& x, const TensorScope& scope, int64_t num_groups, double epsilon, Then then) {
  const at::Tensor weight = scope["weight"], bias = scope["bias"];
  if (fused::group_norm_takes(x)) return fused::group_norm(x, weight, bias, {num_groups, epsilon, then == Then::silu});
  const at::Tensor y = at::group_norm(x, num_groups, weight, bias, epsilon);
  return then == Then::silu ? at::silu(y) : y;
}

at::Tensor layer_norm(const at::Tensor& x, const TensorScope& scope, double epsilon) {
  const at::Tensor weight = scope["weight"], bias = scope["bias"];
  if (fused::takes_rows(x)) return fused::layer_norm(x, weight, bias, epsilon);
  return at::layer_norm(x, {x.size(-1)}, weight, bias, epsilon);
}

at::Tensor geglu(const at::Tensor& x) {
  if (fused::takes_rows(x)) return fused::geglu(x);
  const auto halves = x.chunk(2, -1);
  return halves[0] * at::gelu(halves[1]);
}

}  // namespace vitrine::nn
