// Attention over a cache of 8 bits: q and the weights are cut into two bytes, whose products
// vpdpbusd adds exactly.
#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

/// Into the second-level cache: the first would not hold a head.
void fetch(const void* address, size_t lookahead) noexcept {
  _mm_prefetch(static_cast<const char*>(address) + lookahead, _MM_HINT_T1);
}

__mmask16 first_lanes(size_t count) noexcept {
  return count >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << count) - 1);
}

__m512i broadcast_quad(const void* quad) noexcept {
  int bits;
  std::memcpy(&bits, quad, 4);
  return _mm512_set1_epi32(bits);
}

/// q = scale * (128 * high + low), |low| <= 64; offset = 128 * the sum of these, which keys + 128
/// bring in too much.
struct Query {
  alignas(64) int8_t high[kMaxInt8HeadSize];
  alignas(64) int8_t low[kMaxInt8HeadSize];
  float scale = 0;
  int32_t offset = 0;
};

void round_query(const float* q, size_t head_size, Query& query) noexcept {
  __m512 max = _mm512_setzero_ps();
  __mmask16 strange = 0;
  for (size_t d = 0; d < head_size; d += 16) {
    const __m512 magnitude =
        _mm512_abs_ps(_mm512_maskz_loadu_ps(first_lanes(head_size - d), q + d));
    strange = static_cast<__mmask16>(
        strange | _mm512_cmp_ps_mask(magnitude, _mm512_set1_ps(3.4e38f), _CMP_NLE_UQ));
    max = _mm512_max_ps(max, magnitude);
  }
  const float largest = _mm512_reduce_max_ps(max);
  const bool zero = strange != 0 || largest < 1e-30f;
  query.scale = strange != 0 ? __builtin_nanf("")
                : zero       ? 0.0f
                             : largest / static_cast<float>(kInt8QuerySteps);
  const __m512 inverse =
      _mm512_set1_ps(zero ? 0.0f : static_cast<float>(kInt8QuerySteps) / largest);
  __m512i sum = _mm512_setzero_si512();
  for (size_t d = 0; d < head_size; d += 16) {
    const __m512 value =
        _mm512_maskz_loadu_ps(zero ? static_cast<__mmask16>(0) : first_lanes(head_size - d), q + d);
    const __m512i steps = _mm512_cvtps_epi32(_mm512_mul_ps(value, inverse));
    const __m512i high = _mm512_srai_epi32(_mm512_add_epi32(steps, _mm512_set1_epi32(64)), 7);
    sum = _mm512_add_epi32(sum, steps);
    _mm_store_si128(reinterpret_cast<__m128i*>(query.high + d), _mm512_cvtepi32_epi8(high));
    _mm_store_si128(reinterpret_cast<__m128i*>(query.low + d),
                    _mm512_cvtepi32_epi8(_mm512_sub_epi32(steps, _mm512_slli_epi32(high, 7))));
  }
  query.offset = 128 * _mm512_reduce_add_epi32(sum);
}

/// Scores of B blocks of 16 keys, so that 2 B sums run side by side.
template <size_t B>
void score_blocks(const AttentionTask& task, const Query& query, const uint8_t* keys,
                  const float* key_scales, float* scores) noexcept {
  const size_t quads = (task.head_size + 3) / 4, block_size = quads * 4 * kKeyBlockTokens;
  __m512i high[B], low[B];
#pragma GCC unroll 2
  for (size_t b = 0; b < B; ++b) high[b] = low[b] = _mm512_setzero_si512();
  for (size_t i = 0; i < quads; ++i) {
    const __m512i query_high = broadcast_quad(query.high + 4 * i),
                  query_low = broadcast_quad(query.low + 4 * i);
#pragma GCC unroll 2
    for (size_t b = 0; b < B; ++b) {
      const uint8_t* row = keys + b * block_size + i * 4 * kKeyBlockTokens;
      fetch(row, task.lookahead);
      const __m512i four = _mm512_loadu_si512(row);
      high[b] = _mm512_dpbusd_epi32(high[b], four, query_high);
      low[b] = _mm512_dpbusd_epi32(low[b], four, query_low);
    }
  }
  const __m512 scale = _mm512_set1_ps(query.scale * task.scale);
#pragma GCC unroll 2
  for (size_t b = 0; b < B; ++b) {
    const __m512i dots = _mm512_add_epi32(_mm512_slli_epi32(high[b], 7), low[b]);
    const __m512 exact =
        _mm512_cvtepi32_ps(_mm512_sub_epi32(dots, _mm512_set1_epi32(query.offset)));
    const __m512 scales = _mm512_mul_ps(scale, _mm512_loadu_ps(key_scales + b * kKeyBlockTokens));
    _mm512_storeu_ps(scores + b * kKeyBlockTokens, _mm512_mul_ps(exact, scales));
  }
}

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
void score_span(const AttentionTask& task, const Query& query, const KvSpan& span,
                float* scores) noexcept {
  const auto* keys = static_cast<const uint8_t*>(span.keys);
  const size_t block_size = (task.head_size + 3) / 4 * 4 * kKeyBlockTokens;
  for (size_t t = 0; t < span.tokens; t += kKeyBlockTokens) {
    fetch(span.key_scales + t, task.lookahead);
    fetch(span.value_scales + t, task.lookahead);
  }
  size_t t = 0;
  for (; t + kKeyBlockTokens < span.tokens; t += 2 * kKeyBlockTokens) {
    score_blocks<2>(task, query, keys + t / kKeyBlockTokens * block_size, span.key_scales + t,
                    scores + t);
  }
  if (t < span.tokens)
    score_blocks<1>(task, query, keys + t / kKeyBlockTokens * block_size, span.key_scales + t,
                    scores + t);
}

/// Probabilities times value scales, in steps of the largest: in place, uint8_t [total / 4
/// up][2][4], steps / 128 of 4 tokens, then steps % 128; beyond the last token 0. Returns what a
/// step is worth.
float round_weights(const AttentionTask& task, size_t total) noexcept {
  __m512 max = _mm512_setzero_ps();
  __mmask16 strange = 0;
  float* weights = task.scores;
  for (size_t s = 0; s < task.num_spans; weights += task.spans[s++].tokens) {
    const KvSpan& span = task.spans[s];
    for (size_t t = 0; t < span.tokens; t += 16) {
      const __mmask16 lanes = first_lanes(span.tokens - t);
      const __m512 weight = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, weights + t),
                                          _mm512_maskz_loadu_ps(lanes, span.value_scales + t));
      strange = static_cast<__mmask16>(
          strange | _mm512_cmp_ps_mask(weight, _mm512_set1_ps(3.4e38f), _CMP_NLE_UQ));
      max = _mm512_max_ps(max, weight);
      _mm512_mask_storeu_ps(weights + t, lanes, weight);
    }
  }
  const float largest = _mm512_reduce_max_ps(max);
  const bool zero = strange != 0 || !(largest > 0);
  const __m512 inverse =
      _mm512_set1_ps(zero ? 0.0f : static_cast<float>(kInt8WeightSteps) / largest);
  auto* bytes = reinterpret_cast<char*>(task.scores);
  for (size_t t = 0; t < total;
       t += 16) {  // 64 bytes are read before 32 are written at or before them
    const __mmask16 lanes = zero ? static_cast<__mmask16>(0) : first_lanes(total - t);
    const __m512i steps =
        _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, task.scores + t), inverse));
    const __m128i high = _mm512_cvtepi32_epi8(_mm512_srli_epi32(steps, 7));
    const __m128i low = _mm512_cvtepi32_epi8(_mm512_and_si512(steps, _mm512_set1_epi32(127)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + 2 * t), _mm_unpacklo_epi32(high, low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + 2 * t + 16), _mm_unpackhi_epi32(high, low));
  }
  return strange != 0 ? __builtin_nanf("") : largest / static_cast<float>(kInt8WeightSteps);
}

/// out[d ..] for 16 J columns, the last of which may be cut off by head_size.
template <size_t J>
void mix_values(const AttentionTask& task, size_t d, float step) noexcept {
  const size_t group_size = (task.head_size + 15) / 16 * 16 * 4;
  __m512i high[J], low[J];
#pragma GCC unroll 4
  for (size_t j = 0; j < J; ++j) high[j] = low[j] = _mm512_setzero_si512();
  const auto* weight = reinterpret_cast<const char*>(task.scores);
  for (size_t s = 0; s < task.num_spans; ++s) {
    const auto* values = static_cast<const int8_t*>(task.spans[s].values) + 4 * d;
    for (size_t t = 0; t < task.spans[s].tokens; t += 4, weight += 8, values += group_size) {
      const __m512i weight_high = broadcast_quad(weight), weight_low = broadcast_quad(weight + 4);
#pragma GCC unroll 4
      for (size_t j = 0; j < J; ++j) {
        fetch(values + 64 * j, task.lookahead);
        const __m512i four = _mm512_loadu_si512(values + 64 * j);
        high[j] = _mm512_dpbusd_epi32(high[j], weight_high, four);
        low[j] = _mm512_dpbusd_epi32(low[j], weight_low, four);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < J; ++j) {
    const __m512 sum =
        _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(high[j]), _mm512_set1_ps(128)),
                      _mm512_cvtepi32_ps(low[j]));
    _mm512_mask_storeu_ps(task.out + d + 16 * j, first_lanes(task.head_size - d - 16 * j),
                          _mm512_mul_ps(sum, _mm512_set1_ps(step)));
  }
}

}  // namespace

void attention_int8(const AttentionTask& task) noexcept {
  Query query;
  round_query(task.q, task.head_size, query);
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span(task, query, task.spans[s], task.scores + total);
    total += task.spans[s].tokens;
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  const float step = round_weights(task, total) / sum;
  size_t d = 0;
  for (; d + 64 <= task.head_size; d += 64) mix_values<4>(task, d, step);
  for (; d < task.head_size; d += 16) mix_values<1>(task, d, step);
}

}  // namespace vitrine::kernels::avx512
