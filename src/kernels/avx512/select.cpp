#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {

void block_max(const float* x, size_t count, float* maxima) noexcept {
  size_t begin = 0;
  for (; begin + kMaxBlock <= count; begin += kMaxBlock) {
    const __m512 low = _mm512_max_ps(_mm512_loadu_ps(x + begin), _mm512_loadu_ps(x + begin + 16));
    const __m512 high = _mm512_max_ps(_mm512_loadu_ps(x + begin + 32), _mm512_loadu_ps(x + begin + 48));
    maxima[begin / kMaxBlock] = _mm512_reduce_max_ps(_mm512_max_ps(low, high));
  }
  if (begin < count) scalar::block_max(x + begin, count - begin, maxima + begin / kMaxBlock);
}

size_t collect_at_least(const float* x, size_t count, float threshold, int32_t* idxs) noexcept {
  const __m512 least = _mm512_set1_ps(threshold);
  __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t found = 0;
  for (size_t i = 0; i < count; i += 16) {
    const auto mask = count - i >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << (count - i)) - 1);
    const __mmask16 hits = _mm512_mask_cmp_ps_mask(mask, _mm512_maskz_loadu_ps(mask, x + i), least, _CMP_GE_OQ);
    if (hits != 0) {
      // Into a register first: a compressing store is many times slower on Zen 4.
      const auto hit_count = static_cast<size_t>(__builtin_popcount(hits));
      const __m512i packed = _mm512_maskz_compress_epi32(hits, lanes);
      _mm512_mask_storeu_epi32(idxs + found, static_cast<__mmask16>((1u << hit_count) - 1), packed);
      found += hit_count;
    }
    lanes = _mm512_add_epi32(lanes, _mm512_set1_epi32(16));
  }
  return found;
}

}  // namespace vitrine::kernels::avx512
