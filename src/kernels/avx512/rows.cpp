#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

/// The lanes of values i.. that exist.
__mmask16 tail_mask(size_t i, size_t count) noexcept {
  return count - i >= 16 ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << (count - i)) - 1);
}

/// exp(x) for x <= 88, about 1e-7 relative; 0 below -104, so for -infinity.
/// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) by the polynomial of Cephes' expf.
__m512 exp_lanes(__m512 x) noexcept {
  x = _mm512_max_ps(_mm512_set1_ps(-105.0f), x);  // in this order NaN stays
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0x08);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  return _mm512_scalef_ps(p, n);
}

}  // namespace

void round_bf16(const float* values, size_t count, uint16_t* bits) noexcept {
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512i wide = _mm512_maskz_loadu_epi32(mask, values + i);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(wide, 16), _mm512_set1_epi32(1));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(_mm512_castsi512_ps(wide), _mm512_castsi512_ps(wide), _CMP_UNORD_Q);
    __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(_mm512_add_epi32(wide, _mm512_set1_epi32(0x7fff)), odd), 16);
    rounded = _mm512_mask_or_epi32(rounded, is_nan, _mm512_srli_epi32(wide, 16), _mm512_set1_epi32(0x40));
    _mm512_mask_cvtepi32_storeu_epi16(bits + i, mask, rounded);
  }
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept {
  const float n = static_cast<float>(count);
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 16) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(tail_mask(i, count), x + i));
  const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / n);
  __m512 squares = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512 centred = _mm512_maskz_sub_ps(mask, _mm512_maskz_loadu_ps(mask, x + i), mean);
    squares = _mm512_fmadd_ps(centred, centred, squares);
  }
  const __m512 variance = _mm512_set1_ps(_mm512_reduce_add_ps(squares) / n + epsilon);
  const __m512 scale = _mm512_div_ps(_mm512_set1_ps(1.0f), _mm512_sqrt_ps(variance));
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512 normal = _mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + i), mean), scale);
    const __m512 result = _mm512_fmadd_ps(normal, _mm512_maskz_loadu_ps(mask, weight + i), _mm512_maskz_loadu_ps(mask, bias + i));
    _mm512_mask_storeu_ps(y + i, mask, result);
  }
}

void gelu_new(float* x, size_t count) noexcept {
  // 0.5 (1 + tanh u) = 1 / (1 + exp(-2u)); -2 sqrt(2/pi) and -2 sqrt(2/pi) 0.044715
  const __m512 linear = _mm512_set1_ps(-1.5957691216f);
  const __m512 cubic = _mm512_set1_ps(-0.0713548162726f);
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512 value = _mm512_maskz_loadu_ps(mask, x + i);
    __m512 u = _mm512_mul_ps(value, _mm512_fmadd_ps(_mm512_mul_ps(value, value), cubic, linear));
    u = _mm512_min_ps(u, _mm512_set1_ps(88.0f));
    const __m512 result = _mm512_div_ps(value, _mm512_add_ps(_mm512_set1_ps(1.0f), exp_lanes(u)));
    _mm512_mask_storeu_ps(x + i, mask, result);
  }
}

float max_value(const float* x, size_t count) noexcept {
  const __m512 lowest = _mm512_set1_ps(-__builtin_inff());
  __m512 max = lowest;
  for (size_t i = 0; i < count; i += 16) max = _mm512_max_ps(max, _mm512_mask_loadu_ps(lowest, tail_mask(i, count), x + i));
  return _mm512_reduce_max_ps(max);
}

float exp_sum(const float* x, size_t count, float shift, float scale, float* probs) noexcept {
  __m512 sum = _mm512_setzero_ps();
  for (size_t i = 0; i < count; i += 16) {
    const __mmask16 mask = tail_mask(i, count);
    const __m512 value = _mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + i), _mm512_set1_ps(shift));
    const __m512 prob = exp_lanes(_mm512_mul_ps(value, _mm512_set1_ps(scale)));
    _mm512_mask_storeu_ps(probs + i, mask, prob);
    sum = _mm512_mask_add_ps(sum, mask, sum, prob);
  }
  return _mm512_reduce_add_ps(sum);
}

}  // namespace vitrine::kernels::avx512
