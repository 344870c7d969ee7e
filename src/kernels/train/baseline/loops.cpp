#include "kernels/train/table.h"

namespace vitrine::kernels::train::baseline {

constexpr size_t kTileRows = 1, kTileVectors = 1;

#include "kernels/train/loops.inc"

const Loops<float> kFloatLoops = VITRINE_TRAIN_LOOPS(baseline, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_TRAIN_LOOPS(baseline, uint16_t);

}  // namespace vitrine::kernels::train::baseline
