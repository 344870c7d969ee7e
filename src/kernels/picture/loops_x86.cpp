#include "kernels/picture/loops.h"

namespace vitrine::kernels::picture {

template <>
const Loops<float>& loops<float>(Isa isa) {
  kernel_table(isa);  // throws when the processor lacks it
  return isa == Isa::scalar ? baseline::kFloatLoops : isa == Isa::avx2 ? avx2::kFloatLoops : avx512::kFloatLoops;
}
template <>
const Loops<uint16_t>& loops<uint16_t>(Isa isa) {
  kernel_table(isa);
  if (isa == Isa::scalar) return baseline::kBfloat16Loops;
  if (isa == Isa::avx2) return avx2::kBfloat16Loops;
  return __builtin_cpu_supports("avx512bf16") ? avx512bf16::kBfloat16Loops : avx512::kBfloat16Loops;
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

}  // namespace vitrine::kernels::picture
