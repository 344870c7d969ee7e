// kernels/avx2/store_row.h - how a tile of a matrix product leaves the registers.
//
// Each file that includes it has a copy of its own, compiled with its own flags.
#pragma once
#include <immintrin.h>

#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::avx2 {
namespace {

constexpr size_t kHalf = 16;  // columns of a tile

/// Adds bias and old y, and stores up to 16 columns of one row.
void store_row(const MatmulTask& task, size_t m, size_t first, __m256 product0, __m256 product1) noexcept {
  float* y = task.y + m * task.y_stride + first;
  const size_t columns = task.N - first < kHalf ? task.N - first : kHalf;
  alignas(32) float row[kHalf] = {};
  if (task.add) std::memcpy(row, y, columns * sizeof(float));
  __m256 result0 = _mm256_add_ps(product0, _mm256_load_ps(task.bias + first));
  __m256 result1 = _mm256_add_ps(product1, _mm256_load_ps(task.bias + first + 8));
  if (task.add) {
    result0 = _mm256_add_ps(_mm256_load_ps(row), result0);
    result1 = _mm256_add_ps(_mm256_load_ps(row + 8), result1);
  }
  _mm256_store_ps(row, result0);
  _mm256_store_ps(row + 8, result1);
  std::memcpy(y, row, columns * sizeof(float));
}

}  // namespace
}  // namespace vitrine::kernels::avx2
