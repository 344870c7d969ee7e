// nn/padding.h - packed documents as rows of a rectangle, and back.
#pragma once
#include <ATen/core/Tensor.h>

#include <span>

namespace vitrine::nn {

struct Padding {
  int64_t documents = 0, longest = 0;
  at::Tensor places;    // [T] int64: place of each token in the rectangle
  at::Tensor is_token;  // [D, 1, 1, Tmax] bool
};

/// cu_seqlens [D+1]: first token of each document, then T.
Padding padding_of(std::span<const int32_t> cu_seqlens, const at::Device& device);

/// x [T, W] -> [D * Tmax, W], 0 in the padding. Differentiable.
at::Tensor pad_rows(const at::Tensor& x, const Padding& padding);
/// The inverse; what stands in the padding is left out and gets gradient 0.
at::Tensor unpad_rows(const at::Tensor& x, const Padding& padding);

}  // namespace vitrine::nn
