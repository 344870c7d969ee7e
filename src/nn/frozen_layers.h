// nn/frozen_layers.h - products with weights that do not change, laid out once for the CPU's library (oneDNN, in libtorch).
//
// at::linear and at::conv2d lay out their weight at each call, which costs as much as the product itself where the rows
// or pixels are few. Gradients go to the input and to what is added.
#pragma once
#include <ATen/core/Tensor.h>

#include "nn/tensor_scope.h"

namespace vitrine::nn {

/// Whether this processor has such layers: then laid-out copies of the weights stand beside the plain ones in memory.
bool lays_out_weights();

/// Added to the result of a convolution on the way out, which saves a pass over the picture. Undefined = nothing.
struct Added {
  at::Tensor picture = {};   // [B, N, H', W']
  at::Tensor channels = {};  // [N], to the bias; no gradient goes there
};

/// x [.., K] -> [.., N] as nn::linear, or undefined when the scope's weight may change, or the processor has no AVX-512 (then
/// bfloat16 is not multiplied, and float32 is left to MKL).  added [.., N] or undefined
at::Tensor frozen_linear(const at::Tensor& x, const TensorScope& scope, const at::Tensor& added = {});

/// x [B, C, H, W] -> [B, N, H', W'], channels-last, as nn::conv2d; undefined as above.
at::Tensor frozen_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride, int64_t padding, const Added& added = {});

/// x [B, C, H, W] with each pixel doubled both ways, then a convolution [N, C, 3, 3] with padding 1 -> [B, N, 2 H, 2 W]; undefined as
/// above. Of the nine pixels that the kernel sees only four differ, so that it is computed on x with 2x2 kernels, one for each
/// place within the doubled pixel: 4/9 of the products.
at::Tensor frozen_upsampled_conv2d(const at::Tensor& x, const TensorScope& scope);

}  // namespace vitrine::nn
