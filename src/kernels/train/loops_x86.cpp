#include "kernels/train/loops.h"

namespace vitrine::kernels::train {
namespace {

template <typename T>
const Loops<T>& pick(Isa isa, const Loops<T>& baseline, const Loops<T>& avx2, const Loops<T>& avx512) {
  kernel_table(isa);  // throws when the processor lacks it
  return isa == Isa::scalar ? baseline : isa == Isa::avx2 ? avx2 : avx512;
}

}  // namespace

template <>
const Loops<float>& loops<float>(Isa isa) {
  return pick(isa, baseline::kFloatLoops, avx2::kFloatLoops, avx512::kFloatLoops);
}
template <>
const Loops<uint16_t>& loops<uint16_t>(Isa isa) {
  return pick(isa, baseline::kBfloat16Loops, avx2::kBfloat16Loops, avx512::kBfloat16Loops);
}
template <>
const Loops<float>& loops<float>() {
  static const Loops<float>& table = loops<float>(isa_in_force());
  return table;
}
template <>
const Loops<uint16_t>& loops<uint16_t>() {
  static const Loops<uint16_t>& table = loops<uint16_t>(isa_in_force());
  return table;
}

}  // namespace vitrine::kernels::train
