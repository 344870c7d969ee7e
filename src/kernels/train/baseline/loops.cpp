#include "kernels/train/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::train::baseline {

constexpr size_t kTileVectors = 2, kTileRows[] = {8, 4};
#define VITRINE_LANES 4

#include "kernels/train/loops.inc"

const Loops<float> kFloatLoops = VITRINE_TRAIN_LOOPS(baseline, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_TRAIN_LOOPS(baseline, uint16_t);

}  // namespace vitrine::kernels::train::baseline
