// kernels/avx512/store_row.h - how a tile of a matrix product leaves the registers.
//
// Each file that includes it has a copy of its own, compiled with its own flags.
#pragma once
#include <immintrin.h>

#include "kernels/table.h"

namespace vitrine::kernels::avx512 {
namespace {

/// Adds bias and old y, and stores 32 columns of one row, or those that exist.
void store_row(const MatmulTask& task, size_t m, size_t first, __m512 product0, __m512 product1) noexcept {
  const size_t columns = task.N - first < kPanelColumns ? task.N - first : kPanelColumns;
  const auto mask0 = static_cast<__mmask16>(columns >= 16 ? 0xffff : (1u << columns) - 1);
  const auto mask1 = static_cast<__mmask16>(columns <= 16 ? 0 : (1u << (columns - 16)) - 1);
  float* y = task.y + m * task.y_stride + first;
  __m512 result0 = _mm512_add_ps(product0, _mm512_load_ps(task.bias + first));
  __m512 result1 = _mm512_add_ps(product1, _mm512_load_ps(task.bias + first + 16));
  if (task.add) {
    result0 = _mm512_add_ps(_mm512_maskz_loadu_ps(mask0, y), result0);
    result1 = _mm512_add_ps(_mm512_maskz_loadu_ps(mask1, y + 16), result1);
  }
  _mm512_mask_storeu_ps(y, mask0, result0);
  _mm512_mask_storeu_ps(y + 16, mask1, result1);
}

}  // namespace
}  // namespace vitrine::kernels::avx512
