#include <immintrin.h>

#include "kernels/avx512/store_row.h"
#include "kernels/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::avx512 {
namespace {

constexpr size_t kTileRows = 8;
/// See matmul_int8.cpp.
constexpr size_t kPrefetchRows = 3;
constexpr size_t kPrefetchBytes = 4096;

/// What each code stands for plus 128: the unsigned side of vpdpbusd.
__m512i code_table() noexcept {
  alignas(16) static constexpr int8_t kCodes[] = {VITRINE_INT4_CODES};
  const __m128i codes = _mm_load_si128(reinterpret_cast<const __m128i*>(kCodes));
  return _mm512_broadcast_i32x4(_mm_xor_si128(codes, _mm_set1_epi8(static_cast<char>(0x80))));
}

/// sum += u . s over the four bytes of each lane, where s is the same for all lanes. By hand: see matmul_int8.cpp.
void add_dot(__m512i& sum, __m512i u, const int8_t* s) noexcept {
  asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(u), "m"(*reinterpret_cast<const int32_t*>(s)));
}

__m512 from_bf16(const uint8_t* bits) noexcept {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(bits))), 16));
}

/// R rows of one panel, all of K; a group's sums are finished for half the panel at a time.
template <size_t R>
void tile(const MatmulTask& task, size_t m, size_t panel_idx) noexcept {
  const size_t stride = task.x_stride, steps = task.steps;
  const auto* x0 = static_cast<const int8_t*>(task.x) + m * stride;
  const int8_t* x4 = x0 + 4 * stride;
  const auto* group = static_cast<const uint8_t*>(task.weights) + panel_idx * steps * kInt4GroupBytes;
  const float* x_scales = task.x_scales + m * steps;
  const int32_t* x_sums = task.x_sums + m * steps;
  const __m512i table = code_table(), low_bits = _mm512_set1_epi8(15);
  __m512 product[2][R];
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { product[0][r] = product[1][r] = _mm512_setzero_ps(); });
  for (size_t g = 0; g < steps; ++g, x0 += kGroup, x4 += kGroup, group += kInt4GroupBytes) {
    if constexpr (R >= kPrefetchRows) {
      unroll<9>([&](auto line) VITRINE_INLINE_BODY {
        _mm_prefetch(reinterpret_cast<const char*>(group) + kPrefetchBytes + 64 * line, _MM_HINT_T1);
      });
    }
    unroll<2>([&](auto half) VITRINE_INLINE_BODY {
      __m512i sum[R];
      unroll<R>([&](auto r) VITRINE_INLINE_BODY { sum[r] = _mm512_set1_epi32(x_sums[g + r * steps]); });  // takes 128 of codes away
      unroll<4>([&](auto block) VITRINE_INLINE_BODY {
        const __m512i bytes = _mm512_load_si512(group + 64 + 256 * half + 64 * block);
        const __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(bytes, low_bits));
        const __m512i high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low_bits));
        unroll<R>([&](auto r) VITRINE_INLINE_BODY { add_dot(sum[r], low, (r < 4 ? x0 : x4) + r % 4 * stride + 8 * block); });
        unroll<R>([&](auto r) VITRINE_INLINE_BODY { add_dot(sum[r], high, (r < 4 ? x0 : x4) + r % 4 * stride + 8 * block + 4); });
      });
      const __m512 w_scale = from_bf16(group + 32 * half);
      unroll<R>([&](auto r) VITRINE_INLINE_BODY {
        const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(x_scales[g + r * steps]), w_scale);
        product[half][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]), scale, product[half][r]);
      });
    });
  }
  const size_t first = panel_idx * kPanelColumns;
  unroll<R>([&](auto r) VITRINE_INLINE_BODY { store_row(task, m + r, first, product[0][r], product[1][r]); });
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
