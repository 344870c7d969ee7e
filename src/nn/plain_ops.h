// nn/plain_ops.h - building blocks in plain ATen: the slow truth on the CPU, the path on other devices.
// All are differentiable by autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include <span>

#include "nn/dropout.h"

namespace vitrine::nn::plain {

/// x @ weight + bias, computed in `dtype`.
///   x [T, K], weight [K, N], bias [N]
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::ScalarType dtype);

/// Causal attention inside each document.
///   qkv         [T, 3C], columns q, k, v, each of num_heads blocks
///   cu_seqlens  [D+1] first token of each document, then T
///   scale       factor on q k^T, such as 1/sqrt(HS)
/// Returns [T, C]. The dropout of query i and key j in a document of Td tokens is element
/// i * Td + j of attention_dropout(dropout, cu_seqlens[d], head).
at::Tensor packed_attention(const at::Tensor& qkv, std::span<const int32_t> cu_seqlens, int64_t num_heads,
                            double scale, const Dropout& dropout);
/// The same with all documents at once, padded to the longest: the way for devices other than the CPU.
at::Tensor padded_attention(const at::Tensor& qkv, std::span<const int32_t> cu_seqlens, int64_t num_heads, double scale,
                            const Dropout& dropout);
Dropout attention_dropout(const Dropout& dropout, int64_t document_start, int64_t head);

/// Sum over the rows of (1-s) * -log p(label) + s * mean_v(-log p(v)), computed in float32.
///   logits [N, V], labels [N] int64, every one in [0, V); s = label_smoothing
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing);

}  // namespace vitrine::nn::plain
