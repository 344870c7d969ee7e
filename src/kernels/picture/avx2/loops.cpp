#include "kernels/picture/table.h"
#include "kernels/unroll.h"

namespace vitrine::kernels::picture::avx2 {

constexpr size_t kTileVectors = 2, kTileRows[] = {12, 6};
#define VITRINE_LANES 8

#include "kernels/picture/loops.inc"

const Loops<float> kFloatLoops = {"avx2", pack_keys<float, float>, attention<float, float>};
const Loops<uint16_t> kBfloat16Loops = {"avx2", pack_keys<uint16_t, float>, attention<uint16_t, float>};

}  // namespace vitrine::kernels::picture::avx2
