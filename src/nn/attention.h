// nn/attention.h - softmax attention between two token rows, differentiable by autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace vitrine::nn {

/// softmax(q k^T scale) v, head by head.
///   q [B, T, NH*HS]; k, v [B, S, NH*HS]; one floating type, any strides with the last letter contiguous
///   scale   on the scores; 0 = 1/sqrt(HS)
///   causal  token t sees the tokens up to t only; then S == T
///   is_token  [B, S] bool of the keys that may be seen; undefined = all
/// Returns [B, T, NH*HS] in the type of q. Sums are float32.
/// Throws InvalidInput when shapes do not fit together.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t num_heads, double scale = 0,
                     bool causal = false, const at::Tensor& is_token = {});

}  // namespace vitrine::nn
