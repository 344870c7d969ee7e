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

template <typename T>
struct Loops {
  const char* name;
  /// Fills packed_keys and packed_values; before the first attention of the head.
  void (*pack_keys)(const AttentionTask<T>& task) noexcept;
  /// Up to kQueryBlock queries from query_begin on. A query without keys gives zeros.
  void (*attention)(const AttentionTask<T>& task, size_t query_begin, float* scratch) noexcept;
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
