#include <immintrin.h>

#include <cmath>
#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx2 {
namespace {

/// Up to 8 values; the lanes beyond hold `fill`.
__m256 load_tail(const float* x, size_t left, float fill) noexcept {
  if (left >= 8) return _mm256_loadu_ps(x);
  alignas(32) float values[8] = {fill, fill, fill, fill, fill, fill, fill, fill};
  std::memcpy(values, x, left * sizeof(float));
  return _mm256_load_ps(values);
}

void store_tail(float* y, size_t left, __m256 values) noexcept {
  if (left >= 8) return _mm256_storeu_ps(y, values);
  alignas(32) float stored[8];
  _mm256_store_ps(stored, values);
  std::memcpy(y, stored, left * sizeof(float));
}

float add_lanes(__m256 values) noexcept {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(values), _mm256_extractf128_ps(values, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// exp(x) for x <= 88, about 1e-7 relative; 0 below -87, so for -infinity.
/// x = n ln 2 + r, |r| <= ln 2 / 2; exp(r) by the polynomial of Cephes' expf.
__m256 exp_lanes(__m256 x) noexcept {
  const __m256 lowest = _mm256_set1_ps(-87.0f);
  const __m256 in_range = _mm256_cmp_ps(x, lowest, _CMP_NLT_UQ);
  x = _mm256_max_ps(lowest, x);  // in this order NaN stays
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4f);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
  p = _mm256_fmadd_ps(p, _mm256_mul_ps(r, r), _mm256_add_ps(r, _mm256_set1_ps(1.0f)));
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_and_ps(in_range, _mm256_mul_ps(p, _mm256_castsi256_ps(power)));
}

}  // namespace

void round_bf16(const float* values, size_t count, uint16_t* bits) noexcept {
  for (size_t i = 0; i < count; i += 8) {
    const size_t left = count - i;
    const __m256i wide = _mm256_castps_si256(load_tail(values + i, left, 0));
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(wide, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(wide, _mm256_set1_epi32(0x7fff)), odd), 16);
    const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(wide, 16), _mm256_set1_epi32(0x40));
    const __m256 is_nan = _mm256_cmp_ps(_mm256_castsi256_ps(wide), _mm256_castsi256_ps(wide), _CMP_UNORD_Q);
    rounded = _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(is_nan));
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    alignas(16) uint16_t stored[8];
    _mm_store_si128(reinterpret_cast<__m128i*>(stored), packed);
    std::memcpy(bits + i, stored, (left < 8 ? left : 8) * sizeof(uint16_t));
  }
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept {
  const float n = static_cast<float>(count);
  __m256 sum = _mm256_setzero_ps();
  for (size_t i = 0; i < count; i += 8) sum = _mm256_add_ps(sum, load_tail(x + i, count - i, 0));
  const float mean = add_lanes(sum) / n;
  const __m256 means = _mm256_set1_ps(mean);
  __m256 squares = _mm256_setzero_ps();
  for (size_t i = 0; i < count; i += 8) {
    const __m256 centred = _mm256_sub_ps(load_tail(x + i, count - i, mean), means);
    squares = _mm256_fmadd_ps(centred, centred, squares);
  }
  const __m256 scale = _mm256_set1_ps(1.0f / std::sqrt(add_lanes(squares) / n + epsilon));
  for (size_t i = 0; i < count; i += 8) {
    const size_t left = count - i;
    const __m256 normal = _mm256_mul_ps(_mm256_sub_ps(load_tail(x + i, left, 0), means), scale);
    store_tail(y + i, left, _mm256_fmadd_ps(normal, load_tail(weight + i, left, 0), load_tail(bias + i, left, 0)));
  }
}

void gelu_new(float* x, size_t count) noexcept {
  // 0.5 (1 + tanh u) = 1 / (1 + exp(-2u)); -2 sqrt(2/pi) and -2 sqrt(2/pi) 0.044715
  const __m256 linear = _mm256_set1_ps(-1.5957691216f);
  const __m256 cubic = _mm256_set1_ps(-0.0713548162726f);
  for (size_t i = 0; i < count; i += 8) {
    const __m256 value = load_tail(x + i, count - i, 0);
    __m256 u = _mm256_mul_ps(value, _mm256_fmadd_ps(_mm256_mul_ps(value, value), cubic, linear));
    u = _mm256_min_ps(u, _mm256_set1_ps(88.0f));
    store_tail(x + i, count - i, _mm256_div_ps(value, _mm256_add_ps(_mm256_set1_ps(1.0f), exp_lanes(u))));
  }
}

float max_value(const float* x, size_t count) noexcept {
  const float lowest = -__builtin_inff();
  __m256 max = _mm256_set1_ps(lowest);
  for (size_t i = 0; i < count; i += 8) max = _mm256_max_ps(max, load_tail(x + i, count - i, lowest));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(max), _mm256_extractf128_ps(max, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

float exp_sum(const float* x, size_t count, float shift, float scale, float* probs) noexcept {
  __m256 sum = _mm256_setzero_ps();
  for (size_t i = 0; i < count; i += 8) {
    const __m256 value = _mm256_sub_ps(load_tail(x + i, count - i, -__builtin_inff()), _mm256_set1_ps(shift));
    const __m256 prob = exp_lanes(_mm256_mul_ps(value, _mm256_set1_ps(scale)));
    store_tail(probs + i, count - i, prob);
    sum = _mm256_add_ps(sum, prob);
  }
  return add_lanes(sum);
}

}  // namespace vitrine::kernels::avx2
