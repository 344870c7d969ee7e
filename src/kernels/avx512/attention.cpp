#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

/// Into the second-level cache: the first would not hold a head.
void fetch(const void* address, size_t lookahead) noexcept {
  _mm_prefetch(static_cast<const char*>(address) + lookahead, _MM_HINT_T1);
}

struct Float32Cache {
  using Number = float;
  static size_t key_rows(size_t head_size) noexcept { return head_size; }
  /// sum[b] += q . 16 keys of block b, for B blocks, so that B sums run side by side.
  template <size_t B>
  static void score_blocks(const float* q, const float* keys, size_t head_size, size_t lookahead, __m512 (&sum)[B]) noexcept {
    const size_t block_size = head_size * kKeyBlockTokens;
    for (size_t d = 0; d < head_size; ++d) {
      const __m512 query = _mm512_set1_ps(q[d]);
#pragma GCC unroll 4
      for (size_t b = 0; b < B; ++b) {
        const float* row = keys + b * block_size + d * kKeyBlockTokens;
        fetch(row, lookahead);
        sum[b] = _mm512_fmadd_ps(query, _mm512_loadu_ps(row), sum[b]);
      }
    }
  }
  static __m512 load(__mmask16 mask, const float* value) noexcept { return _mm512_maskz_loadu_ps(mask, value); }
};

struct Bfloat16Cache {
  using Number = uint16_t;
  static size_t key_rows(size_t head_size) noexcept { return (head_size + 1) / 2 * 2; }
  template <size_t B>
  static void score_blocks(const float* q, const uint16_t* keys, size_t head_size, size_t lookahead, __m512 (&sum)[B]) noexcept {
    const size_t block_size = key_rows(head_size) * kKeyBlockTokens;
    const __m512i high = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
    for (size_t d = 0; d < head_size; d += 2) {
      const __m512 even = _mm512_set1_ps(q[d]);
      const __m512 odd = d + 1 < head_size ? _mm512_set1_ps(q[d + 1]) : _mm512_setzero_ps();
#pragma GCC unroll 4
      for (size_t b = 0; b < B; ++b) {
        const uint16_t* row = keys + b * block_size + d * kKeyBlockTokens;
        fetch(row, lookahead);
        const __m512i pairs = _mm512_loadu_si512(row);
        sum[b] = _mm512_fmadd_ps(even, _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)), sum[b]);
        sum[b] = _mm512_fmadd_ps(odd, _mm512_castsi512_ps(_mm512_and_si512(pairs, high)), sum[b]);
      }
    }
  }
  static __m512 load(__mmask16 mask, const uint16_t* value) noexcept {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, value));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }
};

template <typename Cache, size_t B>
void score_blocks(const AttentionTask& task, const typename Cache::Number* keys, float* scores) noexcept {
  __m512 sum[B];
#pragma GCC unroll 4
  for (size_t b = 0; b < B; ++b) sum[b] = _mm512_setzero_ps();
  Cache::template score_blocks<B>(task.q, keys, task.head_size, task.lookahead, sum);
#pragma GCC unroll 4
  for (size_t b = 0; b < B; ++b) {
    _mm512_storeu_ps(scores + b * kKeyBlockTokens, _mm512_mul_ps(sum[b], _mm512_set1_ps(task.scale)));
  }
}

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
template <typename Cache>
void score_span(const AttentionTask& task, const KvSpan& span, float* scores) noexcept {
  const auto* keys = static_cast<const typename Cache::Number*>(span.keys);
  const size_t block_size = Cache::key_rows(task.head_size) * kKeyBlockTokens;
  const size_t blocks = (span.tokens + kKeyBlockTokens - 1) / kKeyBlockTokens;
  size_t b = 0;
  for (; b + 4 <= blocks; b += 4) score_blocks<Cache, 4>(task, keys + b * block_size, scores + b * kKeyBlockTokens);
  for (; b + 2 <= blocks; b += 2) score_blocks<Cache, 2>(task, keys + b * block_size, scores + b * kKeyBlockTokens);
  for (; b < blocks; ++b) score_blocks<Cache, 1>(task, keys + b * block_size, scores + b * kKeyBlockTokens);
}

/// out[d ..] for up to 64 columns: 4 sums in registers over all tokens.
template <typename Cache>
void mix_values(const AttentionTask& task, size_t d, float inverse_sum) noexcept {
  __mmask16 mask[4];
  __m512 sum[4];
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) {
    const size_t first = d + 16 * j;
    const size_t left = task.head_size > first ? task.head_size - first : 0;
    mask[j] = left >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << left) - 1);
    sum[j] = _mm512_setzero_ps();
  }
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const auto* value = static_cast<const typename Cache::Number*>(task.spans[s].values) + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) {
      const __m512 p = _mm512_set1_ps(*prob);
      fetch(value, task.lookahead);
      fetch(value + 32, task.lookahead);
#pragma GCC unroll 4
      for (size_t j = 0; j < 4; ++j) sum[j] = _mm512_fmadd_ps(p, Cache::load(mask[j], value + 16 * j), sum[j]);
    }
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) {
    if (mask[j] == 0) continue;
    _mm512_mask_storeu_ps(task.out + d + 16 * j, mask[j], _mm512_mul_ps(sum[j], _mm512_set1_ps(inverse_sum)));
  }
}

template <typename Cache>
void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span<Cache>(task, task.spans[s], task.scores + total);
    total += task.spans[s].tokens;
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  for (size_t d = 0; d < task.head_size; d += 64) mix_values<Cache>(task, d, 1.0f / sum);
}

}  // namespace

void attention_f32(const AttentionTask& task) noexcept { attention<Float32Cache>(task); }
void attention_bf16(const AttentionTask& task) noexcept { attention<Bfloat16Cache>(task); }

}  // namespace vitrine::kernels::avx512
