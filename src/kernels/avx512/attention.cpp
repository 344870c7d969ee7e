#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

/// Scores of B blocks of 16 tokens at once, so that B sums run side by side.
template <size_t B>
void score_blocks(const AttentionTask& task, const float* keys, float* scores) noexcept {
  const size_t block_size = task.head_size * kKeyBlockTokens;
  __m512 sum[B];
#pragma GCC unroll 4
  for (size_t b = 0; b < B; ++b) sum[b] = _mm512_setzero_ps();
  for (size_t d = 0; d < task.head_size; ++d) {
    const __m512 q = _mm512_set1_ps(task.q[d]);
#pragma GCC unroll 4
    for (size_t b = 0; b < B; ++b) {
      sum[b] = _mm512_fmadd_ps(q, _mm512_loadu_ps(keys + b * block_size + d * kKeyBlockTokens), sum[b]);
    }
  }
#pragma GCC unroll 4
  for (size_t b = 0; b < B; ++b) {
    _mm512_storeu_ps(scores + b * kKeyBlockTokens, _mm512_mul_ps(sum[b], _mm512_set1_ps(task.scale)));
  }
}

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
void score_span(const AttentionTask& task, const KvSpan& span, float* scores) noexcept {
  const size_t block_size = task.head_size * kKeyBlockTokens;
  const size_t blocks = (span.tokens + kKeyBlockTokens - 1) / kKeyBlockTokens;
  size_t b = 0;
  for (; b + 4 <= blocks; b += 4) score_blocks<4>(task, span.keys + b * block_size, scores + b * kKeyBlockTokens);
  for (; b < blocks; ++b) score_blocks<1>(task, span.keys + b * block_size, scores + b * kKeyBlockTokens);
}

/// out[d ..] for up to 64 columns: 4 sums in registers over all tokens.
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
    const float* value = task.spans[s].values + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) {
      const __m512 p = _mm512_set1_ps(*prob);
#pragma GCC unroll 4
      for (size_t j = 0; j < 4; ++j) {
        sum[j] = _mm512_fmadd_ps(p, _mm512_maskz_loadu_ps(mask[j], value + 16 * j), sum[j]);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) {
    if (mask[j] == 0) continue;
    _mm512_mask_storeu_ps(task.out + d + 16 * j, mask[j], _mm512_mul_ps(sum[j], _mm512_set1_ps(inverse_sum)));
  }
}

}  // namespace

void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span(task, task.spans[s], task.scores + total);
    total += task.spans[s].tokens;
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  for (size_t d = 0; d < task.head_size; d += 64) mix_values(task, d, 1.0f / sum);
}

}  // namespace vitrine::kernels::avx512
