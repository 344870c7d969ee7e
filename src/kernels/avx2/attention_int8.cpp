#include "kernels/scalar/attention_int8.h"

#include <immintrin.h>

namespace vitrine::kernels::avx2 {
namespace {

__m256i load(const void* memory) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(memory));
}

/// Two numbers of 16 bits in every place of 32.
__m256i pair(int a, int b) noexcept { return _mm256_set1_epi32((a & 0xffff) | (b << 16)); }

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
void score_span(const AttentionTask& task, const KvSpan& span, const int16_t* steps, float scale,
                int32_t offset, float* scores) noexcept {
  const size_t quads = (task.head_size + 3) / 4;
  const auto* keys = static_cast<const uint8_t*>(span.keys);
  const __m256i low_bytes = _mm256_set1_epi16(0xff);
  for (size_t t = 0; t < span.tokens; t += kKeyBlockTokens) {
    __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (size_t i = 0; i < quads; ++i, keys += 4 * kKeyBlockTokens) {
      const __m256i even = pair(steps[4 * i], steps[4 * i + 2]),
                    odd = pair(steps[4 * i + 1], steps[4 * i + 3]);
#pragma GCC unroll 2
      for (size_t half = 0; half < 2; ++half) {  // 8 tokens
        const __m256i four = load(keys + 32 * half);
        sum[half] =
            _mm256_add_epi32(sum[half], _mm256_madd_epi16(_mm256_and_si256(four, low_bytes), even));
        sum[half] = _mm256_add_epi32(sum[half], _mm256_madd_epi16(_mm256_srli_epi16(four, 8), odd));
      }
    }
#pragma GCC unroll 2
    for (size_t half = 0; half < 2; ++half) {
      const __m256 dots =
          _mm256_cvtepi32_ps(_mm256_sub_epi32(sum[half], _mm256_set1_epi32(offset)));
      const __m256 scales =
          _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(span.key_scales + t + 8 * half));
      _mm256_storeu_ps(scores + t + 8 * half, _mm256_mul_ps(dots, scales));
    }
  }
}

/// out[d .. d + 8)
void mix_8(const AttentionTask& task, size_t d, float step) noexcept {
  const size_t columns = (task.head_size + 15) / 16 * 16;
  __m256i high = _mm256_setzero_si256(), low = _mm256_setzero_si256();
  const auto* weight = reinterpret_cast<const uint8_t*>(task.scores);
  for (size_t s = 0; s < task.num_spans; ++s) {
    const auto* values = static_cast<const int8_t*>(task.spans[s].values) + 4 * d;
    for (size_t t = 0; t < task.spans[s].tokens; t += 4, weight += 8, values += 4 * columns) {
      const __m256i four = load(values);
      const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(four, 8), 8),
                    odd = _mm256_srai_epi16(four, 8);
      high = _mm256_add_epi32(high, _mm256_madd_epi16(even, pair(weight[0], weight[2])));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(odd, pair(weight[1], weight[3])));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(even, pair(weight[4], weight[6])));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(odd, pair(weight[5], weight[7])));
    }
  }
  const __m256 sum = _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(high), _mm256_set1_ps(128)),
                                   _mm256_cvtepi32_ps(low));
  alignas(32) float out[8];
  _mm256_store_ps(out, _mm256_mul_ps(sum, _mm256_set1_ps(step)));
  for (size_t i = 0; i < 8 && d + i < task.head_size; ++i) task.out[d + i] = out[i];
}

}  // namespace

void attention_int8(const AttentionTask& task) noexcept {
  int16_t steps[kMaxInt8HeadSize];
  const scalar::RoundedQuery query = scalar::round_query(task.q, task.head_size, steps);
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span(task, task.spans[s], steps, query.scale * task.scale, 128 * query.sum,
               task.scores + total);
    total += task.spans[s].tokens;
  }
  const float sum = exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  const float step = scalar::round_weights(task, total) / sum;
  for (size_t d = 0; d < task.head_size; d += 8) mix_8(task, d, step);
}

}  // namespace vitrine::kernels::avx2
