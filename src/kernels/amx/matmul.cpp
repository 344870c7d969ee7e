// The tiles of the processor (AMX). Written from the manual and tested through the model of tile_matmul.h;
// not yet run on a processor that has them.
#include "kernels/amx/tile_matmul.h"

namespace vitrine::kernels::amx {
namespace {

/// Memory operand of ldtilecfg.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

struct HardwareTiles {
  static void configure(size_t rows0, size_t rows1) noexcept {
    TileConfig config;
    const size_t rows[8] = {rows0, rows0, rows1, rows1, rows0, rows1, kTileRows, kTileRows};
    for (size_t tile = 0; tile < 8; ++tile) {
      config.rows[tile] = static_cast<uint8_t>(rows[tile]);
      config.row_bytes[tile] = rows[tile] > 0 ? kTileBytes : 0;
    }
    asm volatile("ldtilecfg %0" ::"m"(config));
  }
  static void release() noexcept { asm volatile("tilerelease"); }
  template <int T>
  static void zero() noexcept { asm volatile("tilezero %%tmm%c0" ::"i"(T)); }
  template <int T>
  static void load(const void* memory, size_t stride_bytes) noexcept {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(memory), "r"(stride_bytes), "i"(T) : "memory");
  }
  template <int T>
  static void store(void* memory, size_t stride_bytes) noexcept {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(memory), "r"(stride_bytes), "i"(T) : "memory");
  }
  template <int C, int A, int B>
  static void dot_int8() noexcept { asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B)); }
  template <int C, int A, int B>
  static void dot_bf16() noexcept { asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B)); }
};

/// Up to here rows wait for weights from memory, and vpdpbusd does the same without the set-up of tiles.
constexpr size_t kMaxVectorRows = 7;

}  // namespace

void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  if (task.M <= kMaxVectorRows) return avx512::matmul_int8(task, panel_begin, panel_end);  // the same bits
  multiply<HardwareTiles, Int8Product>(task, panel_begin, panel_end);
}

void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept {
  multiply<HardwareTiles, Bf16Product>(task, panel_begin, panel_end);
}

}  // namespace vitrine::kernels::amx
