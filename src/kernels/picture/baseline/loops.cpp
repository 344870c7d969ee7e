#include "kernels/picture/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::picture::baseline {

constexpr size_t kTileVectors = 2, kTileRows[] = {8, 4};
#define VITRINE_LANES 4

#include "kernels/picture/loops.inc"

const Loops<float> kFloatLoops = VITRINE_PICTURE_LOOPS(baseline, float, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_PICTURE_LOOPS(baseline, uint16_t, float);

}  // namespace vitrine::kernels::picture::baseline
