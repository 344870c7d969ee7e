// Products with integer weights, exact: vpmaddubsw adds two products of at most 127 * 127 and cannot saturate at 32,767.
#include <immintrin.h>

#include <cstring>

#include "kernels/avx2/store_row.h"
#include "kernels/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::avx2 {
namespace {

constexpr size_t kTileRows = 3;  // with 4 the 16 registers do not hold sums, weights and what is between

__m256i broadcast_quad(const void* quad) noexcept {
  int bits;
  std::memcpy(&bits, quad, 4);
  return _mm256_set1_epi32(bits);
}

/// sum += x . w over four k of 8 columns; |w| is given beside w.
void add_products(__m256i& sum, __m256i x, __m256i w, __m256i w_magnitude) noexcept {
  const __m256i pairs = _mm256_maddubs_epi16(w_magnitude, _mm256_sign_epi8(x, w));
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

__m256i load(const void* memory) noexcept { return _mm256_load_si256(static_cast<const __m256i*>(memory)); }

/// R rows of half a panel, all of K.
template <size_t R>
void tile_int8(const MatmulTask& task, size_t m, size_t first) noexcept {
  const size_t stride = task.x_stride;
  const auto* x = static_cast<const uint8_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const int8_t*>(task.weights) + (first / kPanelColumns * task.steps * kPanelColumns + first % kPanelColumns) * 4;
  __m256i sum[R][2];
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { sum[r][0] = sum[r][1] = _mm256_setzero_si256(); });
  for (size_t step = 0; step < task.steps; ++step, w += kPanelColumns * 4) {
    const __m256i w0 = load(w), w1 = load(w + 32);
    const __m256i magnitude0 = _mm256_abs_epi8(w0), magnitude1 = _mm256_abs_epi8(w1);
    unroll<R>([&](auto r) VITRINE_INLINE_BODY {
      const __m256i offset = broadcast_quad(x + r * stride + 4 * step);
      const __m256i value = _mm256_xor_si256(offset, _mm256_set1_epi8(static_cast<char>(0x80)));
      add_products(sum[r][0], value, w0, magnitude0);
      add_products(sum[r][1], value, w1, magnitude1);
    });
  }
  unroll<R>([&](auto r) VITRINE_INLINE_BODY {
    const __m256 x_scale = _mm256_set1_ps(task.x_scales[m + r]);
    const __m256 scale0 = _mm256_mul_ps(x_scale, _mm256_load_ps(task.w_scales + first));
    const __m256 scale1 = _mm256_mul_ps(x_scale, _mm256_load_ps(task.w_scales + first + 8));
    store_row(task, m + r, first, _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][0]), scale0), _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r][1]), scale1));
  });
}

__m256 from_bf16(const uint8_t* bits) noexcept {
  const __m128i narrow = _mm_load_si128(reinterpret_cast<const __m128i*>(bits));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(narrow), 16));
}

/// R rows of half a panel, all of K; a group's sums are finished for 8 columns at a time.
template <size_t R>
void tile_int4(const MatmulTask& task, size_t m, size_t first) noexcept {
  alignas(16) static constexpr int8_t kCodes[] = {VITRINE_INT4_CODES};
  const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kCodes)));
  const __m256i low_bits = _mm256_set1_epi8(15);
  const size_t stride = task.x_stride, steps = task.steps;
  const auto* x = static_cast<const int8_t*>(task.x) + m * stride;
  const auto* group = static_cast<const uint8_t*>(task.weights) + first / kPanelColumns * steps * kInt4GroupBytes;
  const float* x_scales = task.x_scales + m * steps;
  const size_t column = first % kPanelColumns;
  __m256 product[2][R];
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { product[0][r] = product[1][r] = _mm256_setzero_ps(); });
  for (size_t g = 0; g < steps; ++g, x += kGroup, group += kInt4GroupBytes) {
    unroll<2>([&](auto quarter) VITRINE_INLINE_BODY {
      const uint8_t* blocks = group + 2 * kPanelColumns + column * 16 + 32 * quarter;
      __m256i sum[R];
      unroll<R>([&](auto r) VITRINE_INLINE_BODY { sum[r] = _mm256_setzero_si256(); });
      unroll<4>([&](auto block) VITRINE_INLINE_BODY {
        const __m256i bytes = load(blocks + 64 * block);
        const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(bytes, low_bits));
        const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low_bits));
        const __m256i low_magnitude = _mm256_abs_epi8(low), high_magnitude = _mm256_abs_epi8(high);
        unroll<R>([&](auto r) VITRINE_INLINE_BODY {
          add_products(sum[r], broadcast_quad(x + r * stride + 8 * block), low, low_magnitude);
          add_products(sum[r], broadcast_quad(x + r * stride + 8 * block + 4), high, high_magnitude);
        });
      });
      const __m256 w_scale = from_bf16(group + 2 * (column + 8 * quarter));
      unroll<R>([&](auto r) VITRINE_INLINE_BODY {
        const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(x_scales[g + r * steps]), w_scale);
        product[quarter][r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[r]), scale, product[quarter][r]);
      });
    });
  }
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { store_row(task, m + r, first, product[0][r], product[1][r]); });
}

using Tile = void (*)(const MatmulTask& task, size_t m, size_t first) noexcept;
constexpr Tile kTilesInt8[] = {nullptr, tile_int8<1>, tile_int8<2>, tile_int8<3>};
constexpr Tile kTilesInt4[] = {nullptr, tile_int4<1>, tile_int4<2>, tile_int4<3>};

void run(const MatmulTask& task, size_t panel_begin, size_t panel_end, const Tile* tiles) noexcept {
  const size_t end = panel_end * kPanelColumns < task.N ? panel_end * kPanelColumns : task.N;
  for (size_t first = panel_begin * kPanelColumns; first < end; first += kHalf) {
    for (size_t m = 0; m < task.M; m += kTileRows) {
      tiles[task.M - m < kTileRows ? task.M - m : kTileRows](task, m, first);
    }
  }
}

/// The bits of |x|: as integers they are ordered, NaN above infinity above numbers.
__m256i magnitude(const float* x) noexcept {
  return _mm256_and_si256(_mm256_castps_si256(_mm256_loadu_ps(x)), _mm256_set1_epi32(0x7fffffff));
}

/// Up to 8 values, the rest 0.
__m256 load_part(const float* x, size_t count) noexcept {
  alignas(32) float part[8] = {};
  std::memcpy(part, x, (count < 8 ? count : 8) * sizeof(float));
  return _mm256_load_ps(part);
}

uint32_t largest(__m256i magnitudes) noexcept {
  __m128i max = _mm_max_epu32(_mm256_castsi256_si128(magnitudes), _mm256_extracti128_si256(magnitudes, 1));
  max = _mm_max_epu32(max, _mm_shuffle_epi32(max, 0x4e));
  max = _mm_max_epu32(max, _mm_shuffle_epi32(max, 0xb1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(max));
}

struct Scale {
  float scale, inverse;
};

Scale scale_of(uint32_t magnitude_bits) noexcept {
  float max;
  std::memcpy(&max, &magnitude_bits, 4);
  if (max < 0x1p-100f) return {0, 0};
  if (!(max < __builtin_inff())) return {__builtin_nanf(""), 0};
  return {max / 127.0f, 127.0f / max};
}

/// Up to 8 values; the bytes of the rest hold the quantised 0.
void quantize_part(__m256 values, float inverse, size_t count, int32_t offset, uint8_t* q, __m256i* sum) noexcept {
  const __m256i rounded = inverse == 0 ? _mm256_setzero_si256() : _mm256_cvtps_epi32(_mm256_mul_ps(values, _mm256_set1_ps(inverse)));
  *sum = _mm256_add_epi32(*sum, rounded);
  const __m256i shifted = _mm256_and_si256(_mm256_add_epi32(rounded, _mm256_set1_epi32(offset)), _mm256_set1_epi32(255));
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(shifted), _mm256_extracti128_si256(shifted, 1));
  alignas(16) uint8_t bytes[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(bytes), _mm_packus_epi16(words, words));
  std::memcpy(q, bytes, count < 8 ? count : 8);
}

int32_t add_lanes(__m256i sums) noexcept {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
  return _mm_cvtsi128_si32(sum);
}

}  // namespace

void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, kTilesInt8); }

void matmul_int4(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, kTilesInt4); }

float quantize_row(const float* x, size_t count, uint8_t* q) noexcept {
  const size_t whole = count / 8 * 8;
  __m256i max = _mm256_setzero_si256(), sum = max;
  for (size_t i = 0; i < whole; i += 8) max = _mm256_max_epu32(max, magnitude(x + i));
  const __m256 rest = load_part(x + whole, count - whole);
  max = _mm256_max_epu32(max, _mm256_and_si256(_mm256_castps_si256(rest), _mm256_set1_epi32(0x7fffffff)));
  const Scale scale = scale_of(largest(max));
  for (size_t i = 0; i < whole; i += 8) quantize_part(_mm256_loadu_ps(x + i), scale.inverse, 8, 128, q + i, &sum);
  quantize_part(rest, scale.inverse, count - whole, 128, q + whole, &sum);
  return scale.scale;
}

void quantize_groups(const float* x, size_t count, int8_t* q, float* scales, int32_t* sums) noexcept {
  for (size_t first = 0, g = 0; first < count; first += kGroup, ++g) {
    __m256 parts[4];
    __m256i max = _mm256_setzero_si256(), sum = max;
    for (size_t i = 0; i < 4; ++i) {
      const size_t at = first + 8 * i;
      parts[i] = at < count ? load_part(x + at, count - at) : _mm256_setzero_ps();
      max = _mm256_max_epu32(max, _mm256_and_si256(_mm256_castps_si256(parts[i]), _mm256_set1_epi32(0x7fffffff)));
    }
    const Scale scale = scale_of(largest(max));
    for (size_t i = 0; i < 4; ++i) quantize_part(parts[i], scale.inverse, 8, 0, reinterpret_cast<uint8_t*>(q) + first + 8 * i, &sum);
    scales[g] = scale.scale;
    sums[g] = -128 * add_lanes(sum);
  }
}

}  // namespace vitrine::kernels::avx2
