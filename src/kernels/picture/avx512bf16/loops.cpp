#include <immintrin.h>

#include "kernels/picture/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::picture::avx512bf16 {

constexpr size_t kTileVectors = 4, kTileRows[] = {14, 12, 8, 6};
#define VITRINE_LANES 16
#define VITRINE_BF16_PAIRS

#include "kernels/picture/loops.inc"

const Loops<uint16_t> kBfloat16Loops = VITRINE_PICTURE_LOOPS(avx512bf16, uint16_t, uint32_t);

}  // namespace vitrine::kernels::picture::avx512bf16
