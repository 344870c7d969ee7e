// support/tile_model.h - the tile registers of AMX in plain C++, as the manual describes them.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/amx/tile_matmul.h"

namespace vitrine::test {

/// A Tiles class of kernels/amx/tile_matmul.h. One state for the process: one thread at a time.
/// What the processor would refuse fails the test: a tile that is not configured, or shapes that do not fit.
class TileModel {
 public:
  static void configure(size_t rows0, size_t rows1) {
    const size_t rows[8] = {rows0, rows0, rows1, rows1, rows0, rows1, 16, 16};
    for (int tile = 0; tile < 8; ++tile) tiles_[tile] = {rows[tile], {}};  // ldtilecfg clears all tiles
    for (const size_t count : rows) EXPECT_LE(count, 16u);
  }
  static void release() { std::memset(static_cast<void*>(tiles_), 0, sizeof(tiles_)); }
  static bool is_released() {
    for (const Tile& tile : tiles_) {
      if (tile.rows != 0) return false;
    }
    return true;
  }

  template <int T>
  static void zero() {
    EXPECT_GT(tiles_[T].rows, 0u);
    std::memset(tiles_[T].bytes, 0, sizeof(tiles_[T].bytes));
  }

  template <int T>
  static void load(const void* memory, size_t stride_bytes) {
    zero<T>();
    for (size_t r = 0; r < tiles_[T].rows; ++r) std::memcpy(tiles_[T].bytes[r], static_cast<const char*>(memory) + r * stride_bytes, 64);
  }

  template <int T>
  static void store(void* memory, size_t stride_bytes) {
    EXPECT_GT(tiles_[T].rows, 0u);
    for (size_t r = 0; r < tiles_[T].rows; ++r) std::memcpy(static_cast<char*>(memory) + r * stride_bytes, tiles_[T].bytes[r], 64);
  }

  template <int C, int A, int B>
  static void dot_int8() {
    expect_fit(tiles_[C], tiles_[A], tiles_[B]);
    for (size_t m = 0; m < tiles_[C].rows; ++m) {
      for (size_t n = 0; n < 16; ++n) {
        auto sum = get<uint32_t>(tiles_[C], m, n);
        for (size_t k = 0; k < 16; ++k) {
          for (size_t i = 0; i < 4; ++i) {
            sum += static_cast<uint32_t>(get<uint8_t>(tiles_[A], m, 4 * k + i) * get<int8_t>(tiles_[B], k, 4 * n + i));
          }
        }
        set(tiles_[C], m, n, sum);
      }
    }
  }

  template <int C, int A, int B>
  static void dot_bf16() {
    expect_fit(tiles_[C], tiles_[A], tiles_[B]);
    for (size_t m = 0; m < tiles_[C].rows; ++m) {
      for (size_t n = 0; n < 16; ++n) {
        float even = 0, odd = 0;
        for (size_t k = 0; k < 16; ++k) {
          even = flushed(std::fma(bf16(tiles_[A], m, 2 * k), bf16(tiles_[B], k, 2 * n), even));
          odd = flushed(std::fma(bf16(tiles_[A], m, 2 * k + 1), bf16(tiles_[B], k, 2 * n + 1), odd));
        }
        set(tiles_[C], m, n, flushed(flushed(get<float>(tiles_[C], m, n)) + flushed(even + odd)));
      }
    }
  }

 private:
  struct Tile {
    size_t rows;
    uint8_t bytes[16][64];
  };

  static void expect_fit(const Tile& c, const Tile& a, const Tile& b) {
    EXPECT_GT(c.rows, 0u);
    EXPECT_EQ(c.rows, a.rows);
    EXPECT_EQ(b.rows, 16u);  // rows of B = 4-byte columns of A
  }
  template <typename T>
  static T get(const Tile& tile, size_t row, size_t column) {
    T value;
    std::memcpy(&value, tile.bytes[row] + column * sizeof(T), sizeof(T));
    return value;
  }
  template <typename T>
  static void set(Tile& tile, size_t row, size_t column, T value) { std::memcpy(tile.bytes[row] + column * sizeof(T), &value, sizeof(T)); }
  static float bf16(const Tile& tile, size_t row, size_t column) {
    const uint32_t wide = static_cast<uint32_t>(get<uint16_t>(tile, row, column)) << 16;
    float value;
    std::memcpy(&value, &wide, 4);
    return flushed(value);
  }
  static float flushed(float value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(0.0f, value) : value; }

  static inline Tile tiles_[8] = {};
};

}  // namespace vitrine::test
