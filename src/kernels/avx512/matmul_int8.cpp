#include <immintrin.h>

#include <cstring>

#include "kernels/avx512/store_row.h"
#include "kernels/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 12;
/// Rows of x that go over all panels together: they should stay in the second-level cache.
constexpr size_t kBlockBytes = size_t{512} << 10;
/// From this height of a tile on arithmetic takes about as long as reading, and the processor's own prefetch comes too
/// late; with fewer rows it does better alone, and two panels at a time gain nothing (measured on Zen 4).
constexpr size_t kPrefetchRows = 5;
constexpr size_t kPrefetchBytes = 6144;

__m512i broadcast_quad(const uint8_t* quad) noexcept {
  int bits;
  std::memcpy(&bits, quad, 4);
  return _mm512_set1_epi32(bits);
}

/// sum += u . s over the four bytes of each lane. By hand: g++ 12 keeps each sum of _mm512_dpbusd_epi32 twice, as vectors
/// of 32 and of 64 bits, and then stores them in the inner loop.
void add_dot(__m512i& sum, __m512i u, __m512i s) noexcept { asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(s)); }

/// Scales and stores one row of a panel.
void store_scaled(const MatmulTask& task, size_t m, size_t first, __m512i sum0, __m512i sum1) noexcept {
  const __m512 x_scale = _mm512_set1_ps(task.x_scales[m]);
  const __m512 scale0 = _mm512_mul_ps(x_scale, _mm512_load_ps(task.w_scales + first));
  const __m512 scale1 = _mm512_mul_ps(x_scale, _mm512_load_ps(task.w_scales + first + 16));
  store_row(task, m, first, _mm512_mul_ps(_mm512_cvtepi32_ps(sum0), scale0), _mm512_mul_ps(_mm512_cvtepi32_ps(sum1), scale1));
}

/// R rows of one panel, all of K, four k at a time (vpdpbusd).
template <size_t R>
void tile(const MatmulTask& task, size_t m, size_t panel_idx) noexcept {
  const auto* w = static_cast<const int8_t*>(task.weights) + panel_idx * task.steps * kPanelColumns * 4;
  const size_t first = panel_idx * kPanelColumns;
  const size_t stride = task.x_stride;
  const auto* x0 = static_cast<const uint8_t*>(task.x) + m * stride;
  const uint8_t* x4 = x0 + 4 * stride;  // the rows between are reached by index, which saves registers
  const uint8_t* x8 = x0 + 8 * stride;
  __m512i sum[R][2];
  unroll<R>([&](auto r) VITRINE_INLINE_BODY {
    sum[r][0] = _mm512_load_si512(task.w_sums + first);  // takes the 128 of x away
    sum[r][1] = _mm512_load_si512(task.w_sums + first + 16);
  });
  for (size_t step = 0; step < task.steps; ++step, w += kPanelColumns * 4) {
    if constexpr (R >= kPrefetchRows) {
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes, _MM_HINT_T1);
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes + 64, _MM_HINT_T1);
    }
    const __m512i w0 = _mm512_load_si512(w);
    const __m512i w1 = _mm512_load_si512(w + 64);
    unroll<R>([&](auto r) VITRINE_INLINE_BODY {
      const __m512i value = broadcast_quad((r < 4 ? x0 : r < 8 ? x4 : x8) + r % 4 * stride + 4 * step);
      add_dot(sum[r][0], value, w0);
      add_dot(sum[r][1], value, w1);
    });
  }
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { store_scaled(task, m + r, first, sum[r][0], sum[r][1]); });
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
