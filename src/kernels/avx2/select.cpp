#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx2 {

void block_max(const float* x, size_t count, float* maxima) noexcept {
  size_t begin = 0;
  for (; begin + kMaxBlock <= count; begin += kMaxBlock) {
    __m256 max = _mm256_loadu_ps(x + begin);
    for (size_t i = 8; i < kMaxBlock; i += 8) max = _mm256_max_ps(max, _mm256_loadu_ps(x + begin + i));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(max), _mm256_extractf128_ps(max, 1));
    four = _mm_max_ps(four, _mm_movehl_ps(four, four));
    maxima[begin / kMaxBlock] = _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
  }
  if (begin < count) scalar::block_max(x + begin, count - begin, maxima + begin / kMaxBlock);
}

size_t collect_at_least(const float* x, size_t count, float threshold, int32_t* idxs) noexcept {
  const __m256 least = _mm256_set1_ps(threshold);
  size_t found = 0, i = 0;
  for (; i + 8 <= count; i += 8) {
    auto hits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + i), least, _CMP_GE_OQ)));
    for (; hits != 0; hits &= hits - 1) idxs[found++] = static_cast<int32_t>(i) + __builtin_ctz(hits);
  }
  for (; i < count; ++i) {
    if (x[i] >= threshold) idxs[found++] = static_cast<int32_t>(i);
  }
  return found;
}

}  // namespace vitrine::kernels::avx2
