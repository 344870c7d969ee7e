#include "nn/picture_ops.h"

#include <ATen/ATen.h>

namespace vitrine::nn {
namespace {

std::optional<at::Tensor> bias_of(const TensorScope& scope) {
  if (!scope.has("bias")) return std::nullopt;
  return scope["bias"];
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const TensorScope& scope) {
  const at::Tensor weight = scope["weight"];
  return at::linear(x, weight.dim() == 4 ? weight.flatten(1) : weight, bias_of(scope));
}

at::Tensor conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding) {
  return at::conv2d(x, scope["weight"], bias_of(scope), stride, padding);
}

at::Tensor group_norm(const at::Tensor& x, const TensorScope& scope, int64_t num_groups, double epsilon, Then then) {
  const at::Tensor y = at::group_norm(x, num_groups, scope["weight"], scope["bias"], epsilon);
  return then == Then::silu ? at::silu(y) : y;
}

at::Tensor layer_norm(const at::Tensor& x, const TensorScope& scope, double epsilon) {
  return at::layer_norm(x, {x.size(-1)}, scope["weight"], scope["bias"], epsilon);
}

at::Tensor geglu(const at::Tensor& x) {
  const auto halves = x.chunk(2, -1);
  return halves[0] * at::gelu(halves[1]);
}

}  // namespace vitrine::nn
