#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

__mmask16 tail_mask(size_t i, size_t count) noexcept {
  return count - i >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << (count - i)) - 1);
}

/// The bits of |x|: as integers they are ordered, NaN above infinity above numbers.
__m512i magnitude(__mmask16 mask, const float* x) noexcept {
  return _mm512_and_si512(_mm512_castps_si512(_mm512_maskz_loadu_ps(mask, x)), _mm512_set1_epi32(0x7fffffff));
}

struct Scale {
  float scale, inverse;
};

Scale scale_of(uint32_t magnitude_bits) noexcept {
  const float max = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(static_cast<int>(magnitude_bits))));
  if (max < 0x1p-100f) return {0, 0};
  if (!(max < __builtin_inff())) return {__builtin_nanf(""), 0};
  return {max / 127.0f, 127.0f / max};
}

__m512i quantized(__mmask16 mask, const float* x, float inverse) noexcept {
  return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x), _mm512_set1_ps(inverse)));
}

}  // namespace

float quantize_row(const float* x, size_t count, uint8_t* q) noexcept {
  __m512i max0 = _mm512_setzero_si512(), max1 = max0;
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    max0 = _mm512_max_epu32(max0, magnitude(0xffff, x + i));
    max1 = _mm512_max_epu32(max1, magnitude(0xffff, x + i + 16));
  }
  for (; i < count; i += 16) max0 = _mm512_max_epu32(max0, magnitude(tail_mask(i, count), x + i));
  const Scale scale = scale_of(_mm512_reduce_max_epu32(_mm512_max_epu32(max0, max1)));
  for (i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512i values = scale.inverse == 0 ? _mm512_setzero_si512() : quantized(mask, x + i, scale.inverse);
    _mm_mask_storeu_epi8(q + i, mask, _mm512_cvtepi32_epi8(_mm512_add_epi32(values, _mm512_set1_epi32(128))));
  }
  return scale.scale;
}

void quantize_groups(const float* x, size_t count, int8_t* q, float* scales, int32_t* sums) noexcept {
  for (size_t first = 0, g = 0; first < count; first += kGroup, ++g) {
    const __mmask16 mask0 = tail_mask(first, count);
    const __mmask16 mask1 = count - first <= 16 ? static_cast<__mmask16>(0) : tail_mask(first + 16, count);
    const __m512i max = _mm512_max_epu32(magnitude(mask0, x + first), magnitude(mask1, x + first + 16));
    const Scale scale = scale_of(_mm512_reduce_max_epu32(max));
    __m512i low = _mm512_setzero_si512(), high = low;
    if (scale.inverse != 0) {
      low = quantized(mask0, x + first, scale.inverse);
      high = quantized(mask1, x + first + 16, scale.inverse);
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + first), _mm512_cvtepi32_epi8(low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + first + 16), _mm512_cvtepi32_epi8(high));
    scales[g] = scale.scale;
    sums[g] = -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(low, high));
  }
}

}  // namespace vitrine::kernels::avx512
