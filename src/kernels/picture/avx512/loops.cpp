#include "kernels/picture/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::picture::avx512 {

constexpr size_t kTileVectors = 4, kTileRows[] = {14, 12, 8, 6};
#define VITRINE_LANES 16

#include "kernels/picture/loops.inc"

const Loops<float> kFloatLoops = VITRINE_PICTURE_LOOPS(avx512, float, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_PICTURE_LOOPS(avx512, uint16_t, float);

}  // namespace vitrine::kernels::picture::avx512
