#include "kernels/train/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::train::avx2 {

constexpr size_t kTileVectors = 2, kTileRows[] = {12, 6};
#define VITRINE_LANES 8

#include "kernels/train/loops.inc"

const Loops<float> kFloatLoops = VITRINE_TRAIN_LOOPS(avx2, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_TRAIN_LOOPS(avx2, uint16_t);

}  // namespace vitrine::kernels::train::avx2
