// nn/fused_ops.h - the small operations of a training step on the CPU: several in one pass over memory,
// with their gradients. The truth of each is plain ATen with autograd (nn/plain_ops.h).
//
// Activations ("x" below unless said otherwise) are float32 or bfloat16, contiguous; the residual stream,
// statistics and parameter gradients are float32. Functions named *_backward add to parameter
// gradients. Sums are made in blocks of rows of fixed size, so results do not depend on the threads.
#pragma once
#include <ATen/core/Tensor.h>

#include <span>

#include "nn/dropout.h"

namespace vitrine::nn::fused {

/// Whether the loops take this shape: widths and head size in multiples of 16, gelu_new.
bool supports(int64_t width, int64_t head_size, int64_t mlp_width);

struct Norm {
  at::Tensor weight, bias;  // [C] float32
  double epsilon;
};
/// What a norm keeps for its way back.
struct NormStats {
  at::Tensor mean, rstd;  // [T] float32
};

/// x_out = x_in + dropout(branch); y = norm(x_out).
///   x_in, x_out [T, C] float32; branch, y [T, C]; an undefined branch leaves x_out unwritten
void residual_norm(const at::Tensor& x_in, const at::Tensor& branch, const Dropout& dropout, const at::Tensor& x_out,
                   const Norm& norm, const at::Tensor& y, const NormStats& stats);

/// Gradients that residual_norm_backward adds to; d_branch_bias [C] receives the column sums of d_branch.
struct NormGradients {
  at::Tensor d_weight, d_bias, d_branch_bias;
};
/// dx += gradient through the norm, then d_branch = dropout(dx) when it is defined.
///   dy [T, C]; x [T, C] float32: x_out above; dx [T, C] float32; d_branch [T, C]
void residual_norm_backward(const at::Tensor& dy, const at::Tensor& x, const NormStats& stats, const Norm& norm,
                            const at::Tensor& dx, const Dropout& dropout, const at::Tensor& d_branch,
                            const NormGradients& gradients);

void gelu(const at::Tensor& x, const at::Tensor& out);
/// d *= gelu'(x) in place; d_bias [N] float32 += column sums.
void gelu_backward(const at::Tensor& x, const at::Tensor& d, const at::Tensor& d_bias);

/// sum [N] float32 += column sums of x [T, N].
void add_column_sums(const at::Tensor& x, const at::Tensor& sum);
/// sum += x; sum float32 of the same number of elements.
void add_to(const at::Tensor& x, const at::Tensor& sum);

struct AttentionShape {
  std::span<const int32_t> cu_seqlens;  // [D+1]
  int64_t num_heads;
  double scale;
  Dropout dropout;
};
/// qkv [T, 3C] -> out [T, C], lse [NH, T] float32. As nn::plain::packed_attention.
void packed_attention(const at::Tensor& qkv, const AttentionShape& shape, const at::Tensor& out, const at::Tensor& lse);
void packed_attention_backward(const at::Tensor& qkv, const at::Tensor& d_out, const at::Tensor& lse,
                               const AttentionShape& shape, const at::Tensor& d_qkv);

struct CrossEntropySum {
  double nll = 0;        // sum of -log p(label)
  double objective = 0;  // with label smoothing
};
/// logits [N, V] become gradient_scale * d objective / d logits in place; 0 leaves them.
CrossEntropySum cross_entropy(const at::Tensor& logits, std::span<const int64_t> labels, double label_smoothing,
                              double gradient_scale);

/// Sum of squares of a flat float32 buffer.
double squared_norm(const at::Tensor& x);

/// Factors of one AdamW step, the same for all elements.
struct AdamWFactors {
  float clip;  // of the gradient
  float decay, beta1, beta2, step_size, inv_sqrt_correction2, epsilon;
};
/// m = beta1 m + (1 - beta1) g; v likewise with g^2; w = decay w - step_size m / (sqrt(v) inv_sqrt_correction2 + epsilon);
/// copy = w; g = 0.   All flat, of a multiple of 16 elements; copy bfloat16, the others float32.
void adamw(const at::Tensor& w, const at::Tensor& g, const at::Tensor& m, const at::Tensor& v, const at::Tensor& copy,
           const AdamWFactors& factors);

/// x [T, C] float32 *= its mask, in place.
void apply_dropout(const at::Tensor& x, const Dropout& dropout);

}  // namespace vitrine::nn::fused
