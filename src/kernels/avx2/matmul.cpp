#include <immintrin.h>

#include <cstring>

#include "kernels/avx2/store_row.h"
#include "kernels/table.h"

namespace vitrine::kernels::avx2 {
namespace {

constexpr size_t kTileRows = 6;

/// R rows of half a panel, all of K: 2 R sums stay in registers.
template <size_t R>
void tile_f32(const MatmulTask& task, size_t m, size_t first) noexcept {
  const float* x = static_cast<const float*>(task.x) + m * task.x_stride;
  const float* w = static_cast<const float*>(task.weights) + first / kPanelColumns * task.K * kPanelColumns + first % kPanelColumns;
  const float* rows[R];
  __m256 sum[R][2];
#pragma GCC unroll 6
  for (size_t r = 0; r < R; ++r) {
    rows[r] = x + r * task.x_stride;
    sum[r][0] = sum[r][1] = _mm256_setzero_ps();
  }
  for (size_t k = 0; k < task.K; ++k, w += kPanelColumns) {
    const __m256 w0 = _mm256_load_ps(w);
    const __m256 w1 = _mm256_load_ps(w + 8);
#pragma GCC unroll 6
    for (size_t r = 0; r < R; ++r) {
      const __m256 value = _mm256_broadcast_ss(rows[r] + k);
      sum[r][0] = _mm256_fmadd_ps(value, w0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(value, w1, sum[r][1]);
    }
  }
#pragma GCC unroll 6
  for (size_t r = 0; r < R; ++r) store_row(task, m + r, first, sum[r][0], sum[r][1]);
}

/// The lower and the upper bfloat16 of each 32-bit lane as float32.
__m256 lower(__m256i pairs) noexcept { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }
__m256 upper(__m256i pairs) noexcept {
  return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
}

__m256i broadcast_pair(const uint16_t* pair) noexcept {
  int bits;
  std::memcpy(&bits, pair, 4);
  return _mm256_set1_epi32(bits);
}

template <size_t R>
void tile_bf16(const MatmulTask& task, size_t m, size_t first) noexcept {
  const size_t pairs = task.steps;
  const auto* x = static_cast<const uint16_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const uint16_t*>(task.weights) + (first / kPanelColumns * pairs * kPanelColumns + first % kPanelColumns) * 2;
  __m256 sum[R][2];
#pragma GCC unroll 6
  for (size_t r = 0; r < R; ++r) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
  for (size_t pair = 0; pair < pairs; ++pair, w += 2 * kPanelColumns) {
    const __m256i w0 = _mm256_load_si256(reinterpret_cast<const __m256i*>(w));
    const __m256i w1 = _mm256_load_si256(reinterpret_cast<const __m256i*>(w + 16));
    const __m256 low0 = lower(w0), low1 = lower(w1), high0 = upper(w0), high1 = upper(w1);
#pragma GCC unroll 6
    for (size_t r = 0; r < R; ++r) {
      const __m256i value = broadcast_pair(x + r * task.x_stride + 2 * pair);
      sum[r][0] = _mm256_fmadd_ps(lower(value), low0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(lower(value), low1, sum[r][1]);
      sum[r][0] = _mm256_fmadd_ps(upper(value), high0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps(upper(value), high1, sum[r][1]);
    }
  }
#pragma GCC unroll 6
  for (size_t r = 0; r < R; ++r) store_row(task, m + r, first, sum[r][0], sum[r][1]);
}

using Tile = void (*)(const MatmulTask& task, size_t m, size_t first) noexcept;
constexpr Tile kTilesF32[] = {nullptr, tile_f32<1>, tile_f32<2>, tile_f32<3>, tile_f32<4>, tile_f32<5>, tile_f32<6>};
constexpr Tile kTilesBf16[] = {nullptr, tile_bf16<1>, tile_bf16<2>, tile_bf16<3>, tile_bf16<4>, tile_bf16<4>, tile_bf16<4>};

void run(const MatmulTask& task, size_t panel_begin, size_t panel_end, const Tile* tiles, size_t tile_rows) noexcept {
  const size_t end = panel_end * kPanelColumns < task.N ? panel_end * kPanelColumns : task.N;
  for (size_t first = panel_begin * kPanelColumns; first < end; first += kHalf) {
    for (size_t m = 0; m < task.M; m += tile_rows) {
      tiles[task.M - m < tile_rows ? task.M - m : tile_rows](task, m, first);
    }
  }
}

}  // namespace

void matmul_f32(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  run(task, panel_begin, panel_end, kTilesF32, kTileRows);
}

void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  run(task, panel_begin, panel_end, kTilesBf16, 4);
}

}  // namespace vitrine::kernels::avx2
