#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 12;
/// Rows of x that go over all panels together: they should stay in the second-level cache.
constexpr size_t kBlockBytes = size_t{512} << 10;
/// How far ahead weights are asked for, and up to how many rows they come slower than they are used.
constexpr size_t kPrefetchBytes = 4096;
constexpr size_t kPrefetchRows = 8;

__m512i broadcast_quad(const uint8_t* quad) noexcept {
  int bits;
  std::memcpy(&bits, quad, 4);
  return _mm512_set1_epi32(bits);
}

/// R rows of one panel, all of K, four k at a time (vpdpbusd).
template <size_t R>
void tile(const MatmulTask& task, size_t m, size_t panel_idx) noexcept {
  const auto* x = static_cast<const uint8_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const int8_t*>(task.weights) + panel_idx * task.steps * kPanelColumns * 4;
  const size_t first = panel_idx * kPanelColumns;
  const uint8_t* rows[R];
  __m512i sum[R][2];
#pragma GCC unroll 12
  for (size_t r = 0; r < R; ++r) {
    rows[r] = x + r * task.x_stride;
    sum[r][0] = _mm512_load_si512(task.w_sums + first);  // takes the 128 of x away
    sum[r][1] = _mm512_load_si512(task.w_sums + first + 16);
  }
  for (size_t step = 0; step < task.steps; ++step, w += kPanelColumns * 4) {
    if constexpr (R <= kPrefetchRows) {
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes, _MM_HINT_T0);
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes + 64, _MM_HINT_T0);
    }
    const __m512i w0 = _mm512_load_si512(w);
    const __m512i w1 = _mm512_load_si512(w + 64);
#pragma GCC unroll 12
    for (size_t r = 0; r < R; ++r) {
      const __m512i value = broadcast_quad(rows[r] + 4 * step);
      sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], value, w0);
      sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], value, w1);
    }
  }
  const size_t columns = task.N - first < kPanelColumns ? task.N - first : kPanelColumns;
  const auto mask = static_cast<__mmask32>((uint64_t{1} << columns) - 1);
#pragma GCC unroll 12
  for (size_t r = 0; r < R; ++r) {
    const __m512 x_scale = _mm512_set1_ps(task.x_scales[m + r]);
#pragma GCC unroll 2
    for (size_t half = 0; half < 2; ++half) {
      const size_t column = first + 16 * half;
      const auto half_mask = static_cast<__mmask16>(mask >> (16 * half));
      float* y = task.y + (m + r) * task.y_stride + column;
      const __m512 scale = _mm512_mul_ps(x_scale, _mm512_load_ps(task.w_scales + column));
      __m512 result = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r][half]), scale);
      result = _mm512_add_ps(result, _mm512_load_ps(task.bias + column));
      if (task.add) result = _mm512_add_ps(_mm512_maskz_loadu_ps(half_mask, y), result);
      _mm512_mask_storeu_ps(y, half_mask, result);
    }
  }
}

using Tile = void (*)(const MatmulTask& task, size_t m, size_t panel_idx) noexcept;
constexpr Tile kTiles[] = {nullptr, tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>, tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>};

/// All rows of a block with one panel, in tiles of about equal height.
void rows_of_panel(const MatmulTask& task, size_t m_begin, size_t m_end, size_t panel_idx) noexcept {
  size_t tiles = (m_end - m_begin + kTileRows - 1) / kTileRows;
  for (size_t m = m_begin; m < m_end; --tiles) {
    const size_t rows = (m_end - m + tiles - 1) / tiles;
    kTiles[rows](task, m, panel_idx);
    m += rows;
  }
}

}  // namespace

void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  const size_t fitting = kBlockBytes / task.x_stride / kTileRows * kTileRows;
  const size_t block = fitting > kTileRows ? fitting : kTileRows;
  for (size_t m = 0; m < task.M; m += block) {
    const size_t m_end = task.M - m < block ? task.M : m + block;
    for (size_t panel_idx = panel_begin; panel_idx < panel_end; ++panel_idx) rows_of_panel(task, m, m_end, panel_idx);
  }
}

}  // namespace vitrine::kernels::avx512
