// kernels/amx/tile_matmul.h - matrix products on 8 tiles of 16 rows and 64 bytes, over a Tiles class.
//
// Tiles is the processor's (amx/matmul.cpp) or a model of it in plain C++ (tests/support/tile_model.h), so that the same
// algorithm is tested where no processor has tiles. Static members, T, C, A, B being numbers of tiles:
//   configure(rows0, rows1)  tiles 0, 1, 4 get rows0 rows, 2, 3, 5 rows1 (0 = not used), 6, 7 get 16; all of 64 bytes
//   release()                gives the tiles back
//   zero<T>(), load<T>(memory, stride_bytes), store<T>(memory, stride_bytes)
//   dot_int8<C, A, B>()      C[m][n] += sum over k, i < 4 of uint8 A[m][4 k + i] * int8 B[k][4 n + i], modulo 2^32
//   dot_bf16<C, A, B>()      C[m][n] += the sum over k of A[m][2 k] * B[k][2 n] + that of A[m][2 k + 1] * B[k][2 n + 1]
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, TDPBUSD and TDPBF16PS.
// For files of one instruction set: everything here has internal linkage.
#pragma once
#include <cstdint>
#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::amx {
namespace {

constexpr size_t kTileRows = 16;
constexpr size_t kTileBytes = 64;
constexpr size_t kBlockRows = 2 * kTileRows;
/// Rows of x that go over all panels together: they should stay in the second-level cache.
constexpr size_t kBlockBytes = size_t{512} << 10;

struct Int8Product {
  static constexpr size_t kXBytes = 1;
  using Sum = int32_t;
  template <class Tiles, int C, int A, int B>
  static void dot() noexcept { Tiles::template dot_int8<C, A, B>(); }

  static void scale_row(const MatmulTask& task, size_t m, size_t first, const Sum* sums, float* results) noexcept {
    const float x_scale = task.x_scales[m];
    for (size_t n = 0; n < kPanelColumns; ++n) {
      const auto sum = static_cast<int32_t>(static_cast<uint32_t>(sums[n]) + static_cast<uint32_t>(task.w_sums[first + n]));
      results[n] = static_cast<float>(sum) * (x_scale * task.w_scales[first + n]);
    }
  }
};

struct Bf16Product {
  static constexpr size_t kXBytes = 2;
  using Sum = float;
  template <class Tiles, int C, int A, int B>
  static void dot() noexcept { Tiles::template dot_bf16<C, A, B>(); }

  static void scale_row(const MatmulTask&, size_t, size_t, const Sum* sums, float* results) noexcept {
    std::memcpy(results, sums, kPanelColumns * sizeof(float));
  }
};

/// Adds bias and old y to the sums of one row of a panel, and stores the columns that exist.
template <class Product>
void store_row(const MatmulTask& task, size_t m, size_t first, const typename Product::Sum* sums) noexcept {
  float results[kPanelColumns];
  Product::scale_row(task, m, first, sums, results);
  float* y = task.y + m * task.y_stride + first;
  const size_t columns = task.N - first < kPanelColumns ? task.N - first : kPanelColumns;
  for (size_t n = 0; n < columns; ++n) {
    const float result = results[n] + task.bias[first + n];
    y[n] = task.add ? y[n] + result : result;
  }
}

/// Up to 32 rows of one panel, all of K: tiles 0 .. 3 are [2][2] of the result, 4 and 5 x, 6 and 7 weights.
/// REQUIRES: tiles configured for min(rows, 16) and the rest.
template <class Tiles, class Product>
void multiply_block(const MatmulTask& task, size_t m, size_t rows, size_t panel_idx) noexcept {
  const bool two = rows > kTileRows;
  const size_t x_stride = task.x_stride * Product::kXBytes;
  constexpr size_t kWStride = 4 * kPanelColumns;
  const auto* x = static_cast<const uint8_t*>(task.x) + m * x_stride;
  const auto* w = static_cast<const uint8_t*>(task.weights) + panel_idx * task.steps * kWStride;
  Tiles::template zero<0>();
  Tiles::template zero<1>();
  if (two) {
    Tiles::template zero<2>();
    Tiles::template zero<3>();
  }
  for (size_t step = 0; step < task.steps; step += kTileRows, x += kTileBytes, w += kTileRows * kWStride) {
    Tiles::template load<4>(x, x_stride);
    Tiles::template load<6>(w, kWStride);
    Tiles::template load<7>(w + kTileBytes, kWStride);
    Product::template dot<Tiles, 0, 4, 6>();
    Product::template dot<Tiles, 1, 4, 7>();
    if (two) {
      Tiles::template load<5>(x + kTileRows * x_stride, x_stride);
      Product::template dot<Tiles, 2, 5, 6>();
      Product::template dot<Tiles, 3, 5, 7>();
    }
  }
  alignas(64) typename Product::Sum sums[kBlockRows][kPanelColumns];
  constexpr size_t kSumStride = sizeof(sums[0]);
  Tiles::template store<0>(&sums[0][0], kSumStride);
  Tiles::template store<1>(&sums[0][16], kSumStride);
  if (two) {
    Tiles::template store<2>(&sums[kTileRows][0], kSumStride);
    Tiles::template store<3>(&sums[kTileRows][16], kSumStride);
  }
  for (size_t r = 0; r < rows; ++r) store_row<Product>(task, m + r, panel_idx * kPanelColumns, sums[r]);
}

/// Panels of a product. A row's bits do not depend on the rows beside it: each element is summed alone, over K in order.
template <class Tiles, class Product>
void multiply(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  const size_t fitting = kBlockBytes / (task.x_stride * Product::kXBytes) / kBlockRows * kBlockRows;
  const size_t block = fitting > kBlockRows ? fitting : kBlockRows;
  size_t configured = 0;
  for (size_t m_begin = 0; m_begin < task.M; m_begin += block) {
    const size_t m_end = task.M - m_begin < block ? task.M : m_begin + block;
    for (size_t panel_idx = panel_begin; panel_idx < panel_end; ++panel_idx) {
      for (size_t m = m_begin; m < m_end; m += kBlockRows) {
        const size_t rows = m_end - m < kBlockRows ? m_end - m : kBlockRows;
        if (rows != configured) Tiles::configure(rows < kTileRows ? rows : kTileRows, rows < kTileRows ? 0 : rows - kTileRows);
        configured = rows;
        multiply_block<Tiles, Product>(task, m, rows, panel_idx);
      }
    }
  }
  if (configured != 0) Tiles::release();
}

}  // namespace
}  // namespace vitrine::kernels::amx
