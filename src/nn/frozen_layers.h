// nn/frozen_layers.h - products with weights that do not change, laid out once for the CPU's library (oneDNN, in libtorch).
//
// at::linear and at::conv2d lay out their weight at each call, which costs as much as the product itself where the rows
// or pixels are few. Gradients go to the input alone.
#pragma once
#include <ATen/core/Tensor.h>

#include "nn/tensor_scope.h"

namespace vitrine::nn {

/// x [.., K] -> [.., N] as nn::linear, or undefined when the scope's weight may change, the type is not bfloat16, or the
/// processor has no products for it (AVX-512).
at::Tensor frozen_linear(const at::Tensor& x, const TensorScope& scope);

/// x [B, C, H, W] -> [B, N, H', W'], channels-last, as nn::conv2d; undefined as above.
at::Tensor frozen_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding);

}  // namespace vitrine::nn
