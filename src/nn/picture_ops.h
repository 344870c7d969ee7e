// nn/picture_ops.h - layers of networks on pictures, over a scope that holds their weight and bias.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nn/frozen_layers.h"
#include "nn/tensor_scope.h"

namespace vitrine::nn {

/// x [.., K] -> [.., N]; weight [N, K] or [N, K, 1, 1], bias [N] when there is one.  added [.., N] or undefined: the result plus it
at::Tensor linear(const at::Tensor& x, const TensorScope& scope, const at::Tensor& added = {});

/// x [B, C, H, W] -> [B, N, H', W']; weight [N, C, k, k], bias [N] when there is one.
at::Tensor conv2d(const at::Tensor& x, const TensorScope& scope, int64_t stride = 1, int64_t padding = 1, const Added& added = {});

/// x [B, C, H, W], its pixels repeated to [height, width], then conv2d with padding 1.
at::Tensor upsampled_conv2d(const at::Tensor& x, const TensorScope& scope, int64_t height, int64_t width);

enum class Then { nothing, silu };

/// Norm over groups of channels, per picture, then maybe x * sigmoid(x).  x [B, C, H, W]; weight, bias [C]
/// The result has the memory layout of x (channels-last stays so). Statistics are float32.
at::Tensor group_norm(const at::Tensor& x, const TensorScope& scope, int64_t num_groups, double epsilon, Then then = Then::nothing);

/// x [.., C]; weight, bias [C].
at::Tensor layer_norm(const at::Tensor& x, const TensorScope& scope, double epsilon);

/// a * gelu(b) of the halves of x's last dimension.
at::Tensor geglu(const at::Tensor& x);

}  // namespace vitrine::nn
