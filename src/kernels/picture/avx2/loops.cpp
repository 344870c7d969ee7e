#include "kernels/picture/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::picture::avx2 {

constexpr size_t kTileVectors = 2, kTileRows[] = {12, 6};
#define VITRINE_LANES 8

#include "kernels/picture/loops.inc"

const Loops<float> kFloatLoops = VITRINE_PICTURE_LOOPS(avx2, float, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_PICTURE_LOOPS(avx2, uint16_t, float);

}  // namespace vitrine::kernels::picture::avx2
