#include <immintrin.h>

#include <bit>

#include "kernels/table.h"

namespace vitrine::kernels::avx2 {
namespace {

struct Float32Cache {
  using Number = float;
  static size_t key_rows(size_t head_size) noexcept { return head_size; }
  /// sums += q . 16 keys of a block
  static void score_block(const float* q, const float* key, size_t head_size, __m256 (&sum)[2]) noexcept {
    for (size_t d = 0; d < head_size; ++d, key += kKeyBlockTokens) {
      const __m256 query = _mm256_broadcast_ss(q + d);
      sum[0] = _mm256_fmadd_ps(query, _mm256_loadu_ps(key), sum[0]);
      sum[1] = _mm256_fmadd_ps(query, _mm256_loadu_ps(key + 8), sum[1]);
    }
  }
  static __m256 load(const float* value) noexcept { return _mm256_loadu_ps(value); }
  static float widen(float value) noexcept { return value; }
};

struct Bfloat16Cache {
  using Number = uint16_t;
  static size_t key_rows(size_t head_size) noexcept { return (head_size + 1) / 2 * 2; }
  static void score_block(const float* q, const uint16_t* key, size_t head_size, __m256 (&sum)[2]) noexcept {
    const __m256i high = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
    for (size_t d = 0; d < head_size; d += 2, key += 2 * kKeyBlockTokens) {
      const __m256 even = _mm256_broadcast_ss(q + d);
      const __m256 odd = d + 1 < head_size ? _mm256_broadcast_ss(q + d + 1) : _mm256_setzero_ps();
#pragma GCC unroll 2
      for (size_t half = 0; half < 2; ++half) {
        const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(key + 16 * half));
        sum[half] = _mm256_fmadd_ps(even, _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)), sum[half]);
        sum[half] = _mm256_fmadd_ps(odd, _mm256_castsi256_ps(_mm256_and_si256(pairs, high)), sum[half]);
      }
    }
  }
  static __m256 load(const uint16_t* value) noexcept {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(value)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
  }
  static float widen(uint16_t bits) noexcept { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

/// Writes up to 15 places beyond the span's tokens; the next span or the scratch takes them.
template <typename Cache>
void score_span(const AttentionTask& task, const KvSpan& span, float* scores) noexcept {
  const __m256 scale = _mm256_set1_ps(task.scale);
  const auto* key = static_cast<const typename Cache::Number*>(span.keys);
  const size_t block_size = Cache::key_rows(task.head_size) * kKeyBlockTokens;
  for (size_t t = 0; t < span.tokens; t += kKeyBlockTokens, key += block_size) {
    __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    Cache::score_block(task.q, key, task.head_size, sum);
    _mm256_storeu_ps(scores + t, _mm256_mul_ps(sum[0], scale));
    _mm256_storeu_ps(scores + t + 8, _mm256_mul_ps(sum[1], scale));
  }
}

/// out[d .. d + 32)
template <typename Cache>
void mix_32(const AttentionTask& task, size_t d, float inverse_sum) noexcept {
  __m256 sum[4];
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) sum[j] = _mm256_setzero_ps();
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const auto* value = static_cast<const typename Cache::Number*>(task.spans[s].values) + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) {
      const __m256 p = _mm256_broadcast_ss(prob);
#pragma GCC unroll 4
      for (size_t j = 0; j < 4; ++j) sum[j] = _mm256_fmadd_ps(p, Cache::load(value + 8 * j), sum[j]);
    }
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < 4; ++j) _mm256_storeu_ps(task.out + d + 8 * j, _mm256_mul_ps(sum[j], _mm256_set1_ps(inverse_sum)));
}

/// The columns that do not fill 32, one by one.
template <typename Cache>
void mix_1(const AttentionTask& task, size_t d, float inverse_sum) noexcept {
  float sum = 0;
  const float* prob = task.scores;
  for (size_t s = 0; s < task.num_spans; ++s) {
    const auto* value = static_cast<const typename Cache::Number*>(task.spans[s].values) + d;
    for (size_t t = 0; t < task.spans[s].tokens; ++t, ++prob, value += task.head_size) sum += *prob * Cache::widen(*value);
  }
  task.out[d] = sum * inverse_sum;
}

template <typename Cache>
void attention(const AttentionTask& task) noexcept {
  size_t total = 0;
  for (size_t s = 0; s < task.num_spans; ++s) {
    score_span<Cache>(task, task.spans[s], task.scores + total);
    total += task.spans[s].tokens;
  }
  const float inverse_sum = 1.0f / exp_sum(task.scores, total, max_value(task.scores, total), 1.0f, task.scores);
  size_t d = 0;
  for (; d + 32 <= task.head_size; d += 32) mix_32<Cache>(task, d, inverse_sum);
  for (; d < task.head_size; ++d) mix_1<Cache>(task, d, inverse_sum);
}

}  // namespace

void attention_f32(const AttentionTask& task) noexcept { attention<Float32Cache>(task); }
void attention_bf16(const AttentionTask& task) noexcept { attention<Bfloat16Cache>(task); }

}  // namespace vitrine::kernels::avx2
