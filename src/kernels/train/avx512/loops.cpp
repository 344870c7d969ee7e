#include "kernels/train/table.h"

namespace vitrine::kernels::train::avx512 {

constexpr size_t kTileRows = 6, kTileVectors = 4;

#include "kernels/train/loops.inc"

const Loops<float> kFloatLoops = VITRINE_TRAIN_LOOPS(avx512, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_TRAIN_LOOPS(avx512, uint16_t);

}  // namespace vitrine::kernels::train::avx512
