// kernels/picture/table.h - the loops of picture models and their text encoders, once for each instruction set.
//
// Included by files compiled for one instruction set: plain structs and declarations only. One source, loops.inc,
// is compiled for each set; the truth is plain ATen (nn/plain_ops.h).
// T is the type of stored activations: float, or uint16_t holding the bits of a bfloat16. Sums are float32.
#pragma once
#include <cstddef>
#include <cstdint>

namespace vitrine::kernels::picture {

/// Queries that go through all keys together: a task of one thread.
constexpr size_t kQueryBlock = 64;
/// Keys whose scores are held at a time.
constexpr size_t kKeyBlock = 96;

/// Attention of one head: out = softmax(scale q k^T) v. Rows are `stride` elements apart, HS numbers long.
template <typename T>
struct AttentionTask {
  const T *q, *k, *v;
  T* out;
  size_t q_stride, k_stride, v_stride, out_stride;
  size_t queries, keys, head_size;
  float scale;
  /// [keys] rows of k and v that are seen, ascending; nullptr = 0 .. keys - 1.
  const int32_t* key_rows;
  bool causal;  // query t sees rows up to t only
  float* lse;   // [queries] log of the sum of exp(scores); or nullptr; without a key seen: -1e30 or less
  float* packed_keys;  // attention_packed(keys, head_size) floats each, 64-byte aligned
  float* packed_values;
};

/// Floats that hold the packed keys (or values) of a head, in any layout.
constexpr size_t attention_packed(size_t keys, size_t head_size) { return (keys + 2) * (head_size + 2); }
/// Floats of scratch of one thread, 64-byte aligned.
constexpr size_t attention_scratch(size_t head_size) { return kQueryBlock * (2 * (head_size + 2) + 2 * kKeyBlock + 4) + kQueryBlock * head_size; }

/// Keys whose gradients one task makes, going over all queries.
constexpr size_t backward_keys(size_t head_size) {
  const size_t blocks = 65536 / (head_size * kKeyBlock);
  return kKeyBlock * (blocks < 1 ? 1 : blocks > 16 ? 16 : blocks);
}
constexpr size_t backward_chunks(size_t keys, size_t head_size) { return (keys + backward_keys(head_size) - 1) / backward_keys(head_size); }

/// The way back of an AttentionTask with its lse; packed_keys and packed_values are not used.
template <typename T>
struct AttentionBackwardTask {
  AttentionTask<T> forward;
  const T* d_out;
  T *dq, *dk, *dv;  // rows of keys that are not seen are left as they are
  size_t d_out_stride, dq_stride, dk_stride, dv_stride;
  float* dq_parts;  // [chunks][queries][HS]: what each chunk of keys gives
};

/// Floats of scratch of one thread, 64-byte aligned.
constexpr size_t backward_scratch(size_t head_size) {
  const size_t HS = head_size + 16;
  return backward_keys(head_size) * 5 * HS + kQueryBlock * (6 * HS + 5 * kKeyBlock + 2);
}

/// n = x * factors + offsets, channel by channel; y = n or, with silu, n * sigmoid(n).   x, y [rows][C]; y may be x
template <typename T>
struct ChannelTask {
  const T* x;
  T* y;
  size_t rows, C;
  const float *factors, *offsets;  // [C]
  bool silu;
};

/// The way back of a ChannelTask whose factors and offsets depend on x by its statistics.
template <typename T>
struct ChannelBackwardTask {
  ChannelTask<T> forward;  // y is not used
  const T* dy;
  T* dx;
  const float *x_factors, *constants;  // [C]: dx = factors * dn + x_factors * x + constants
};

/// y = (x - mean) * rstd * weight + bias, row by row.   x, y [rows][C]
template <typename T>
struct LayerNormTask {
  const T* x;
  T* y;
  size_t rows, C;
  const float *weight, *bias;  // [C]
  float epsilon;
  float *mean, *rstd;  // [rows], or nullptr
};
template <typename T>
struct LayerNormBackwardTask {
  LayerNormTask<T> forward;  // y, bias and epsilon are not used
  const T* dy;
  T* dx;
  float* sums;  // [2][C] += those of dy * normal (weight's gradient) and dy (bias's)
};

template <typename T>
struct Loops {
  const char* name;
  /// Fills packed_keys and packed_values; before the first attention of the head.
  void (*pack_keys)(const AttentionTask<T>& task) noexcept;
  /// Up to kQueryBlock queries from query_begin on. A query without keys gives zeros.
  void (*attention)(const AttentionTask<T>& task, size_t query_begin, float* scratch) noexcept;
  /// Chunk `chunk` of keys: their rows of dk and dv, and dq_parts[chunk].
  void (*attention_backward)(const AttentionBackwardTask<T>& task, size_t chunk, float* scratch) noexcept;
  /// dq = the sum of dq_parts, for queries begin .. end - 1.
  void (*sum_query_parts)(const AttentionBackwardTask<T>& task, size_t begin, size_t end) noexcept;
  /// sums [2][C] = the column sums of x - shifts and of its square.   x [rows][C], shifts [C]
  void (*channel_sums)(const T* x, size_t rows, size_t C, const float* shifts, float* sums) noexcept;
  void (*scale_channels)(const ChannelTask<T>& task) noexcept;
  /// sums [2][C] = the column sums of dn and of dn * (x - shifts).
  void (*channel_backward_sums)(const ChannelBackwardTask<T>& task, const float* shifts, float* sums) noexcept;
  void (*channel_backward)(const ChannelBackwardTask<T>& task) noexcept;
  void (*layer_norm)(const LayerNormTask<T>& task) noexcept;
  void (*layer_norm_backward)(const LayerNormBackwardTask<T>& task) noexcept;
  /// y [rows][N] = a * gelu(b) of x [rows][2 N] = (a, b); gelu by the error function.
  void (*geglu)(const T* x, size_t rows, size_t N, T* y) noexcept;
  void (*geglu_backward)(const T* x, const T* dy, size_t rows, size_t N, T* dx) noexcept;
};

#define VITRINE_DECLARE_PICTURE_LOOPS \
  extern const Loops<float> kFloatLoops; \
  extern const Loops<uint16_t> kBfloat16Loops;

namespace baseline {
VITRINE_DECLARE_PICTURE_LOOPS
}
namespace avx2 {
VITRINE_DECLARE_PICTURE_LOOPS
}
namespace avx512 {
VITRINE_DECLARE_PICTURE_LOOPS
}
namespace avx512bf16 {  // products of bfloat16 pairs
extern const Loops<uint16_t> kBfloat16Loops;
}

}  // namespace vitrine::kernels::picture
