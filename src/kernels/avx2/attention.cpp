#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx2 {
namespace {

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
void score_span(const AttentionTask& task, const KvSpan& span, float* scores) noexcept {
  const __m256 scale = _mm256_set1_ps(task.scale);
  const float* key = span.keys;
  for (size_t t = 0; t < span.tokens; t += kKeyBlockTokens) {
    __m256 sum0 = _mm256_setzero_ps();
    __m256 sum1 = _mm256_setzero_ps();
    for (size_t d = 0; d < task.head_size; ++d, key += kKeyBlockTokens) {
      const __m256 q = _mm256_broadcast_ss(task.q + d);
      sum0 = _mm256_fmadd_ps(q, _mm256_loadu_ps(key), sum0);
      sum1 = _mm256_fmadd_ps(q, _mm256_loadu_ps(key + 8), sum1);
    }
    _mm256_storeu_ps(scores + t, _mm256_mul_ps(sum0, scale));
    _mm256_storeu_ps(scores + t + 8, _mm256_mul_ps(sum1, scale));
  }
}

/// out[d .. d + 32)
void mix_32(const AttentionTask& task, size_t d, float inverse_sum) noexcept {
  __m256 sum[4];
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) sum[j] = _mm256_setzero_ps();
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const float* value = task.spans[s].values + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) {
      const __m256 p = _mm256_broadcast_ss(prob);
#pragma GCC unroll 4
      for (size_t j = 0; j < 4; ++j) sum[j] = _mm256_fmadd_ps(p, _mm256_loadu_ps(value + 8 * j), sum[j]);
    }
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) _mm256_storeu_ps(task.out + d + 8 * j, _mm256_mul_ps(sum[j], _mm256_set1_ps(inverse_sum)));
}

/// The columns that do not fill 32, one by one.
void mix_1(const AttentionTask& task, size_t d, float inverse_sum) noexcept {
  float sum = 0;
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const float* value = task.spans[s].values + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) sum += *prob * *value;
  }
  task.out[d] = sum * inverse_sum;
}

}  // namespace

void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span(task, task.spans[s], task.scores + total);
    total += task.spans[s].tokens;
  }
  const float inverse_sum = 1.0f / exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  size_t d = 0;
  for (; d + 32 <= task.head_size; d += 32) mix_32(task, d, inverse_sum);
  for (; d < task.head_size; ++d) mix_1(task, d, inverse_sum);
}

}  // namespace vitrine::kernels::avx2
