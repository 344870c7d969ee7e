// kernels/train/table.h - the loops of a training step, once for each instruction set.
//
// Included by files compiled for one instruction set: plain structs and declarations only. One source,
// loops.inc, is compiled for each set; their truth is nn/plain_ops.h.
// T is the type of stored activations: float, or uint16_t holding the bits of a bfloat16.
// Sums are float32. A loop over rows works on the rows it is given; callers split rows among threads.
#pragma once
#include <cstddef>
#include <cstdint>

namespace vitrine::kernels::train {

/// As nn::Dropout: element i is dropped when its hash is below `threshold`; 0 = off.
struct DropoutTask {
  uint64_t key;
  uint32_t threshold;
  float scale;
};

/// x_out = x_in + dropout(branch); y = (x_out - mean) * rstd * weight + bias.   rows [T, C]
template <typename T>
struct ResidualNormTask {
  const float* x_in;
  const T* branch;  // nullptr: x_out = x_in and is not written
  float* x_out;
  const float *weight, *bias;
  float epsilon;
  T* y;
  float *mean, *rstd;  // [T]
  DropoutTask dropout;
  size_t C;
};

/// The way back: dx += gradient of the norm; then, when d_branch is given, d_branch = dropout(dx) (the
/// gradient of the branch that was added before the norm) and d_branch_sum += its column sums.
template <typename T>
struct ResidualNormBackwardTask {
  const T* dy;
  const float* x;  // x_out of the forward pass
  const float *mean, *rstd;
  const float* weight;
  float* dx;
  T* d_branch;                                // or nullptr
  float *d_weight, *d_bias, *d_branch_sum;    // [C] partial sums of the rows given, added to
  DropoutTask dropout;
  size_t C;
};

/// Causal attention of one head in one document. Rows of qkv, out and their gradients are those of the
/// document; q, k, v point to the head's first column.
template <typename T>
struct AttentionTask {
  const T *q, *k, *v;
  size_t qkv_stride;  // elements from token to token
  T* out;
  size_t out_stride;
  float* lse;  // [Td] log of the sum of exp(scores)
  size_t length, head_size;  // Td, HS; HS a multiple of 16
  float scale;
  DropoutTask dropout;  // element i * Td + j
  // backward only
  const T* d_out;  // stride out_stride
  T *dq, *dk, *dv;  // stride qkv_stride
};

/// Rows of logits become their gradient, in place.
template <typename T>
struct CrossEntropyTask {
  T* logits;              // [N, V]
  const int64_t* labels;  // [N]
  size_t V;
  float label_smoothing;
  float gradient_scale;  // 0: logits stay
  double nll, objective;  // added to
};

struct AdamWTask {
  float *w, *g, *m, *v;
  uint16_t* copy;  // bfloat16 bits of w
  size_t count;
  float clip, decay, beta1, beta2, step_size, inv_sqrt_correction2, epsilon;
};

template <typename T>
struct Loops {
  const char* name;
  void (*residual_norm)(const ResidualNormTask<T>& task, size_t row_begin, size_t row_end) noexcept;
  void (*residual_norm_backward)(const ResidualNormBackwardTask<T>& task, size_t row_begin, size_t row_end) noexcept;
  /// out = gelu_new(x); out may be x.
  void (*gelu)(const T* x, T* out, size_t count) noexcept;
  /// d[N columns] *= gelu_new'(x), in place; d_sum[N] += column sums.
  void (*gelu_backward)(const T* x, T* d, size_t rows, size_t N, float* d_sum) noexcept;
  /// sum[N] += column sums.
  void (*column_sum)(const T* x, size_t rows, size_t N, float* sum) noexcept;
  /// sum[i] += x[i]
  void (*accumulate)(const T* x, float* sum, size_t count) noexcept;
  /// scratch: attention_scratch(length, head_size) floats, 64-byte aligned.
  void (*attention)(const AttentionTask<T>& task, float* scratch) noexcept;
  void (*attention_backward)(const AttentionTask<T>& task, float* scratch) noexcept;
  void (*cross_entropy)(CrossEntropyTask<T>& task, size_t row_begin, size_t row_end) noexcept;
  /// x[i] *= dropout element first + i
  void (*dropout)(float* x, size_t first, size_t count, const DropoutTask& dropout) noexcept;
  void (*adamw)(const AdamWTask& task) noexcept;
  float (*squared_sum)(const float* x, size_t count) noexcept;
};

/// Floats of scratch that attention and its backward need.
constexpr size_t kAttentionRows = 48;  // queries that are worked on together
constexpr size_t attention_scratch(size_t length, size_t head_size) {
  const size_t padded = (length + 15) / 16 * 16;
  return 8 * padded * head_size + 2 * kAttentionRows * padded + kAttentionRows * head_size;
}

namespace baseline {
extern const Loops<float> kFloatLoops;
extern const Loops<uint16_t> kBfloat16Loops;
}
namespace avx2 {
extern const Loops<float> kFloatLoops;
extern const Loops<uint16_t> kBfloat16Loops;
}
namespace avx512 {
extern const Loops<float> kFloatLoops;
extern const Loops<uint16_t> kBfloat16Loops;
}

}  // namespace vitrine::kernels::train
