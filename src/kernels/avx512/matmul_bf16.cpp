#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 8;
/// See matmul_int8.cpp.
constexpr size_t kPrefetchRows = 5;
constexpr size_t kPrefetchBytes = 6144;

__m512bh broadcast_pair(const uint16_t* pair) noexcept {
  int bits;
  std::memcpy(&bits, pair, 4);
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(bits));
}

__m512bh load_pairs(const uint16_t* w) noexcept { return reinterpret_cast<__m512bh>(_mm512_load_si512(w)); }

/// R rows of one panel, all of K, two k at a time (vdpbf16ps).
template <size_t R>
void tile(const MatmulTask& task, size_t m, size_t panel_idx) noexcept {
  const size_t pairs = task.steps;
  const auto* x = static_cast<const uint16_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const uint16_t*>(task.weights) + panel_idx * pairs * kPanelColumns * 2;
  const uint16_t* rows[R];
  __m512 sum[R][2];
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
    rows[r] = x + r * task.x_stride;
    sum[r][0] = sum[r][1] = _mm512_setzero_ps();
  }
  for (size_t pair = 0; pair < pairs; ++pair, w += 2 * kPanelColumns) {
    if constexpr (R >= kPrefetchRows) {
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes, _MM_HINT_T1);
      _mm_prefetch(reinterpret_cast<const char*>(w) + kPrefetchBytes + 64, _MM_HINT_T1);
    }
    const __m512bh w0 = load_pairs(w);
    const __m512bh w1 = load_pairs(w + 32);
#pragma GCC unroll 8
    for (size_t r = 0; r < R; ++r) {
      const __m512bh value = broadcast_pair(rows[r] + 2 * pair);
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], value, w0);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], value, w1);
    }
  }
  const size_t first = panel_idx * kPanelColumns;
  const size_t columns = task.N - first < kPanelColumns ? task.N - first : kPanelColumns;
  const auto mask = static_cast<__mmask32>((uint64_t{1} << columns) - 1);
#pragma GCC unroll 8
  for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (size_t half = 0; half < 2; ++half) {
      const auto half_mask = static_cast<__mmask16>(mask >> (16 * half));
      float* y = task.y + (m + r) * task.y_stride + first + 16 * half;
      __m512 result = _mm512_add_ps(sum[r][half], _mm512_load_ps(task.bias + first + 16 * half));
      if (task.add) result = _mm512_add_ps(_mm512_maskz_loadu_ps(half_mask, y), result);
      _mm512_mask_storeu_ps(y, half_mask, result);
    }
  }
}

void rows_of_tile(const MatmulTask& task, size_t m, size_t count, size_t panel_idx) noexcept {
  switch (count) {
    case 1: return tile<1>(task, m, panel_idx);
    case 2: return tile<2>(task, m, panel_idx);
    case 3: return tile<3>(task, m, panel_idx);
    case 4: return tile<4>(task, m, panel_idx);
    case 5: return tile<5>(task, m, panel_idx);
    case 6: return tile<6>(task, m, panel_idx);
    case 7: return tile<7>(task, m, panel_idx);
    default: return tile<8>(task, m, panel_idx);
  }
}

}  // namespace

void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  for (size_t panel_idx = panel_begin; panel_idx < panel_end; ++panel_idx) {
    for (size_t m = 0; m < task.M; m += kTileRows) {
      rows_of_tile(task, m, task.M - m < kTileRows ? task.M - m : kTileRows, panel_idx);
    }
  }
}

}  // namespace vitrine::kernels::avx512
