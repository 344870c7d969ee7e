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

/// Weights of K that share a scale in the int4 layout.
constexpr size_t kGroup = 32;
/// A group of a panel in the int4 layout: 32 scales (bfloat16), then for each half of the panel (16 columns) 4 blocks
/// of 64 bytes; byte 4 n + i of block b holds the codes of column n: low bits k = 8 b + i, high bits k = 8 b + 4 + i.
constexpr size_t kInt4GroupBytes = 2 * kPanelColumns + kGroup * kPanelColumns / 2;
/// What the codes of int4 stand for, in units of the group's scale; between them lie at most 30 units; a weight of 0 stays 0.
/// Fitted by least squares to groups of 32 values of a normal distribution with some outliers.
#define VITRINE_INT4_CODES -127, -97, -76, -60, -46, -33, -21, -10, 0, 11, 22, 34, 48, 63, 81, 103

/// y[m, n] = (add ? y[m, n] : 0) + (product + bias[n]); K is filled with zeros up to whole steps of the layout.
/// float32:  x is float, weights [panel][K][32] float; product = sum over k, in ascending order, of x[m, k] * W[n, k].
/// bfloat16: x is uint16_t, weights [panel][steps][32][2] uint16_t, a step is 2 k; products are exact, sums float32 in
///           ascending order of steps.
/// int8:     x is uint8_t = q + 128, weights [panel][steps][32][4] int8_t, a step is 4 k;
///           product = float(exact sum of q * w) * (x_scales[m] * w_scales[n]).
/// int4:     x is int8_t, weights [panel][steps][kInt4GroupBytes], a step is a group;
///           product = sum over groups g, in ascending order and each step one fused multiply-add, of
///           float(exact sum of q * code) * (x_scales[m, g] * scale[g, n]).
/// The float operations of int8 and int4 are written in this order without contraction, so that all instruction sets
/// give the same bits.
struct MatmulTask {
  const void* x;
  size_t x_stride;  // numbers from row to row
  const void* weights;
  const float* bias;  // [panels * 32]
  float* y;
  size_t y_stride;
  size_t M, K, N;
  size_t steps;  // of K in the layout of weights
  bool add;
  const float* x_scales;   // int8 [M], int4 [M, steps]
  const int32_t* x_sums;   // int4 [M, steps]: -128 * sum of q of the group
  const float* w_scales;   // int8 [panels * 32]
  const int32_t* w_sums;   // int8 [panels * 32]: -128 * sum of w
};

/// A part of a sequence's cache for one layer and head.
/// float32:  keys [tokens / 16 up][HS][16] float, values [tokens][HS] float.
/// bfloat16: keys [tokens / 16 up][HS / 2 up][16][2] uint16_t, the odd place 0; values [tokens][HS] uint16_t.
/// int8:     keys [tokens / 16 up][HS / 4 up][16][4] uint8_t = q + 128, values [tokens / 4 up][HS / 16 up][16][4] int8_t
///           with the 4 tokens innermost; a number is q * scale of its token. All spans but the last hold whole 16 tokens.
struct KvSpan {
  const void* keys;
  const void* values;
  size_t tokens;
  const float* key_scales = nullptr;    // int8: [tokens / 16 up * 16]
  const float* value_scales = nullptr;
};

/// Largest head_size of attention_int8, whose sums are 32 bits wide.
constexpr size_t kMaxInt8HeadSize = 256;
/// q of attention_int8 is rounded to this many steps on either side of 0, its weights to kInt8WeightSteps of the largest.
constexpr int kInt8QuerySteps = 127 * 128;
constexpr int kInt8WeightSteps = 32767;

/// out[HS] = softmax(scale * q . keys) . values over the tokens of all spans, in order; sums are float32.
/// How the tokens are cut into spans does not change a bit of the result.
/// int8: q and the products of probabilities and value scales are rounded (see above), their dot products are exact.
struct AttentionTask {
  const float* q;  // [HS]
  float* out;      // [HS]
  float* scores;   // scratch, tokens of all spans + 64
  const KvSpan* spans;
  size_t num_spans;
  size_t head_size;
  float scale;
  size_t lookahead = 0;  // bytes from what is read to what the next call reads, which is fetched meanwhile; 0 = unknown
};

struct KernelTable {
  const char* name;
  void (*matmul_f32)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  void (*matmul_bf16)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  void (*matmul_int8)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  void (*matmul_int4)(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
  /// bits[i] = values[i] as bfloat16, to nearest even; NaN stays NaN.
  void (*round_bf16)(const float* values, size_t count, uint16_t* bits) noexcept;
  /// One row: q[i] = 128 + x[i] / scale to nearest even, in [1, 255], scale = largest |x| / 127. Returns the scale.
  /// A row with NaN or infinity gives q = 128 and NaN; one whose largest |x| is below 2^-100 gives q = 128 and 0.
  float (*quantize_row)(const float* x, size_t count, uint8_t* q) noexcept;
  /// The same for each group of 32 values, without the 128; the last group is filled with zeros to 32.
  /// sums[g] = -128 * sum of q.
  void (*quantize_groups)(const float* x, size_t count, int8_t* q, float* scales, int32_t* sums) noexcept;
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
  void (*attention_int8)(const AttentionTask& task) noexcept;
};

#define VITRINE_DECLARE_KERNELS                                                                                            \
  void matmul_f32(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                                  \
  void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                                 \
  void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                                 \
  void matmul_int4(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;                                 \
  void round_bf16(const float* values, size_t count, uint16_t* bits) noexcept;                                             \
  float quantize_row(const float* x, size_t count, uint8_t* q) noexcept;                                                   \
  void quantize_groups(const float* x, size_t count, int8_t* q, float* scales, int32_t* sums) noexcept;                    \
  void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept; \
  void gelu_new(float* x, size_t count) noexcept;                                                                          \
  float max_value(const float* x, size_t count) noexcept;                                                                  \
  float exp_sum(const float* x, size_t count, float shift, float scale, float* probs) noexcept;                            \
  void block_max(const float* x, size_t count, float* maxima) noexcept;                                                    \
  size_t collect_at_least(const float* x, size_t count, float threshold, int32_t* idxs) noexcept;                          \
  void attention_f32(const AttentionTask& task) noexcept;                                                                  \
  void attention_bf16(const AttentionTask& task) noexcept;                                                                 \
  void attention_int8(const AttentionTask& task) noexcept;

namespace scalar {
VITRINE_DECLARE_KERNELS
}
namespace avx2 {
VITRINE_DECLARE_KERNELS
}
namespace avx512 {  // matmul_bf16 needs AVX512_BF16 besides; matmul_int8, matmul_int4 and attention_int8 AVX512_VNNI
VITRINE_DECLARE_KERNELS
}
namespace amx {  // the rest is that of avx512
void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept;
}  // namespace amx

}  // namespace vitrine::kernels
