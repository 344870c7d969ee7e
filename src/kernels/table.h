// kernels/table.h - the loops that exist once for each instruction set, as a table of functions.
//
// This header is included by files that are compiled for one instruction set: it holds plain structs and
// declarations only, no code. The checked entries are in matmul.h, rows.h and attention.h.
#pragma once
#include <cstddef>
#include <cstdint>

namespace vitrine::kernels {

/// Columns of a packed weight matrix that lie together: a panel. The last one is filled with zeros.
constexpr size_t kPanelColumns = 32;
/// Tokens of a key cache that lie together, transposed.
constexpr size_t kKeyBlockTokens = 16;

/// Values whose largest is taken together by block_max.
constexpr size_t kMaxBlock = 64;

/// y[m, n] = (add ? y[m, n] : 0) + bias[n] + sum over k, in ascending order, of x[m, k] * W[n, k].
/// float32:  x is float, weights [panel][K][32] float.
/// bfloat16: x is uint16_t, rows padded with a zero to an even K; weights [panel][K / 2 up][32][2] uint16_t;
///           products are exact, sums float32.
struct MatmulTask {
  const void* x;
  size_t x_stride;  // numbers from row to row
  const void* weights;
  const float* bias;  // [panels * 32]
  float* y;
  size_t y_stride;
  size_t M, K, N;
  bool add;
};

/// A part of a sequence's cache for one layer and head.
/// float32:  keys [tokens / 16 up][HS][16] float, values [tokens][HS] float.
/// bfloat16: keys [tokens / 16 up][HS / 2 up][16][2] uint16_t, the odd place 0; values [tokens][HS] uint16_t.
struct KvSpan {
  const void* keys;
  const void* values;
  size_t tokens;
};

/// out[HS] = softmax(scale * q . keys) . values over the tokens of all spans, in order; sums are float32.
/// How the tokens are cut into spans does not change a bit of the result.
struct AttentionTask {
  const float* q;  // [HS]
  float* out;      // [HS]
  float* scores;   // scratch, tokens of all spans + 64
  const KvSpan* spans;
  size_t num_spans;
  size_t head_size;
  float scale;
};

struct KernelTable {
  const char* name;
  void (*matmul_f32)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  void (*matmul_bf16)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  /// bits[i] = values[i] as bfloat16, to nearest even; values are finite.
  void (*round_bf16)(const float* values, size_t count, uint16_t* bits) noexcept;
  /// One row: y = (x - mean) / sqrt(variance + epsilon) * weight + bias; y may be x.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept;
  /// x = 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), in place.
  void (*gelu_new)(float* x, size_t count) noexcept;
  /// The largest value; -infinity when count is 0.
  float (*max_value)(const float* x, size_t count) noexcept;
  /// probs[i] = exp((x[i] - shift) * scale), where exp(-infinity) is 0; returns their sum.
  /// REQUIRES: (x[i] - shift) * scale <= 0; probs may be x.
  float (*exp_sum)(const float* x, size_t count, float shift, float scale, float* probs) noexcept;
  /// maxima[b] = the largest of x[64 b .. 64 b + 63], as many as there are; x holds no NaN.
  void (*block_max)(const float* x, size_t count, float* maxima) noexcept;
  /// Writes the indices of values >= threshold, ascending, and returns how many; idxs has room for `count`.
  size_t (*collect_at_least)(const float* x, size_t count, float threshold, int32_t* idxs) noexcept;
  void (*attention_f32)(const AttentionTask& task) noexcept;
  void (*attention_bf16)(const AttentionTask& task) noexcept;
};

#define VITRINE_DECLARE_KERNELS                                                                                        \
  void matmul_f32(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                              \
  void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                             \
  void round_bf16(const float* values, size_t count, uint16_t* bits) noexcept;                                         \
  void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept; \
  void gelu_new(float* x, size_t count) noexcept;                                                                      \
  float max_value(const float* x, size_t count) noexcept;                                                              \
  float exp_sum(const float* x, size_t count, float shift, float scale, float* probs) noexcept;                        \
  void block_max(const float* x, size_t count, float* maxima) noexcept;                                                \
  size_t collect_at_least(const float* x, size_t count, float threshold, int32_t* idxs) noexcept;                      \
  void attention_f32(const AttentionTask& task) noexcept;                                                              \
  void attention_bf16(const AttentionTask& task) noexcept;

namespace scalar {
VITRINE_DECLARE_KERNELS
}
namespace avx2 {
VITRINE_DECLARE_KERNELS
}
namespace avx512 {  // matmul_bf16 needs AVX512_BF16 besides
VITRINE_DECLARE_KERNELS
}

}  // namespace vitrine::kernels
