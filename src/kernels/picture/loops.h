// kernels/picture/loops.h - the loops of picture models of the instruction set in force.
#pragma once
#include "kernels/isa.h"
#include "kernels/picture/table.h"

namespace vitrine::kernels::picture {

/// T: float or uint16_t (bfloat16 bits). The baseline's are the compiler's default instruction set; those of avx512
/// multiply pairs of bfloat16 where the processor can. Throws UsageError when the processor lacks the set.
template <typename T>
const Loops<T>& loops(Isa isa);

/// Of VITRINE_ISA when set, else of the best set. Read once; thread-safe.
template <typename T>
const Loops<T>& loops();

}  // namespace vitrine::kernels::picture
