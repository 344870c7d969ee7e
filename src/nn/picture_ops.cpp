#include "nn/picture_ops.h"

#include <ATen/ATen.h>

#include "nn/frozen_layers.h"
#include "nn/fused_norms.h"

namespace vitrine::nn {
namespace {

std::optional<at::Tensor> bias_of(const TensorScope& scope) {
  if (!scope.has("bias")) return std::nullopt;
  return scope["bias"];
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const TensorScope& scope) {
  if (at::Tensor y = frozen_linear(x, scope); y.defined()) return y;
  const at::Tensor weight = scope["weight"];
  return at::linear(x, weight.dim() == 4 ? weight.flatten(1) : weight, bias_of(scope));
}

at::Tensor conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding) {
  if (at::Tensor y = frozen_conv2d(x, scope, stride, padding); y.defined()) return y;
  return at::conv2d(x, scope["weight"], bias_of(scope), stride, padding);
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
