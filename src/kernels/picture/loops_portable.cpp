// Processors without loops of their own.
#include "base/error.h"
#include "kernels/picture/loops.h"

namespace vitrine::kernels::picture {

template <>
const Loops<float>& loops<float>(Isa isa) {
  if (isa != Isa::scalar) throw UsageError("[loops] this build has baseline loops only");
  return baseline::kFloatLoops;
}
template <>
const Loops<uint16_t>& loops<uint16_t>(Isa isa) {
  if (isa != Isa::scalar) throw UsageError("[loops] this build has baseline loops only");
  return baseline::kBfloat16Loops;
}
template <>
const Loops<float>& loops<float>() {
  return baseline::kFloatLoops;
}
template <>
const Loops<uint16_t>& loops<uint16_t>() {
  return baseline::kBfloat16Loops;
}

}  // namespace vitrine::kernels::picture
