#include "kernels/train/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::train::avx512 {

constexpr size_t kTileVectors = 4, kTileRows[] = {14, 12, 8, 6};
#define VITRINE_LANES 16

#include "kernels/train/loops.inc"

const Loops<float> kFloatLoops = VITRINE_TRAIN_LOOPS(avx512, float);
const Loops<uint16_t> kBfloat16Loops = VITRINE_TRAIN_LOOPS(avx512, uint16_t);

}  // namespace vitrine::kernels::train::avx512
