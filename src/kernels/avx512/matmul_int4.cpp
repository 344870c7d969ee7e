#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 8;
constexpr size_t kPrefetchBytes = 4096;

/// What each code stands for plus 128: the unsigned side of vpdpbusd.
__m512i code_table() noexcept {
  alignas(16) static constexpr int8_t kCodes[] = {VITRINE_INT4_CODES};
  const __m128i codes = _mm_load_si128(reinterpret_cast<const __m128i*>(kCodes));
  return _mm512_broadcast_i32x4(_mm_xor_si128(codes, _mm_set1_epi8(static_cast<char>(0x80))));
}

__m512i broadcast_quad(const int8_t* quad) noexcept {
  int bits;
  std::memcpy(&bits, quad, 4);
  return _mm512_set1_epi32(bits);
}

__m512 from_bf16(const uint8_t* bits) noexcept {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(bits))), 16));
}

/// Adds one group of half a panel to the products of R rows.
template <size_t R>
void add_group(const MatmulTask& task, const int8_t* x, const uint8_t* blocks, __m512 w_scale, size_t first_scale, __m512i table,
               __m512* product) noexcept {
  __m512i sum[R];
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) sum[r] = _mm512_set1_epi32(task.x_sums[first_scale + r * task.steps]);  // takes the 128 of codes away
  const __m512i low_bits = _mm512_set1_epi8(15);
#pragma GCC unroll 4
  for (size_t block = 0; block < 4; ++block) {
    const __m512i bytes = _mm512_load_si512(blocks + 64 * block);
    const __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(bytes, low_bits));
    const __m512i high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low_bits));
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      sum[r] = _mm512_dpbusd_epi32(sum[r], low, broadcast_quad(x + r * task.x_stride + 8 * block));
      sum[r] = _mm512_dpbusd_epi32(sum[r], high, broadcast_quad(x + r * task.x_stride + 8 * block + 4));
    }
  }
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
    const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(task.x_scales[first_scale + r * task.steps]), w_scale);
    product[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]), scale, product[r]);
  }
}

/// R rows of one panel, all of K.
template <size_t R>
void tile(const MatmulTask& task, size_t m, size_t panel_idx) noexcept {
  const auto* x = static_cast<const int8_t*>(task.x) + m * task.x_stride;
  const auto* group = static_cast<const uint8_t*>(task.weights) + panel_idx * task.steps * kInt4GroupBytes;
  const __m512i table = code_table();
  __m512 product[2][R];
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) product[0][r] = product[1][r] = _mm512_setzero_ps();
  for (size_t g = 0; g < task.steps; ++g, x += kGroup, group += kInt4GroupBytes) {
#pragma GCC unroll 9
    for (size_t line = 0; line < kInt4GroupBytes; line += 64) {
      _mm_prefetch(reinterpret_cast<const char*>(group) + kPrefetchBytes + line, _MM_HINT_T0);
    }
    const size_t first_scale = m * task.steps + g;
    add_group<R>(task, x, group + 64, from_bf16(group), first_scale, table, product[0]);
    add_group<R>(task, x, group + 320, from_bf16(group + 32), first_scale, table, product[1]);
  }
  const size_t first = panel_idx * kPanelColumns;
  const size_t columns = task.N - first < kPanelColumns ? task.N - first : kPanelColumns;
  const auto mask = static_cast<__mmask32>((uint64_t{1} << columns) - 1);
#pragma GCC unroll 2
  for (size_t half = 0; half < 2; ++half) {
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const auto half_mask = static_cast<__mmask16>(mask >> (16 * half));
      float* y = task.y + (m + r) * task.y_stride + first + 16 * half;
      __m512 result = _mm512_add_ps(product[half][r], _mm512_load_ps(task.bias + first + 16 * half));
      if (task.add) result = _mm512_add_ps(_mm512_maskz_loadu_ps(half_mask, y), result);
      _mm512_mask_storeu_ps(y, half_mask, result);
    }
  }
}

using Tile = void (*)(const MatmulTask& task, size_t m, size_t panel_idx) noexcept;
constexpr Tile kTiles[] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>, tile<7>, tile<8>};

}  // namespace

void matmul_int4(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  for (size_t panel_idx = panel_begin; panel_idx < panel_end; ++panel_idx) {
    size_t tiles = (task.M + kTileRows - 1) / kTileRows;
    for (size_t m = 0; m < task.M; --tiles) {
      const size_t rows = (task.M - m + tiles - 1) / tiles;
      kTiles[rows](task, m, panel_idx);
      m += rows;
    }
  }
}

}  // namespace vitrine::kernels::avx512
