// kernels/isa.h - which instruction set runs: the best of this processor, or the one VITRINE_ISA names.
#pragma once
#include <string_view>
#include <vector>

#include "kernels/table.h"

namespace vitrine::kernels {

enum class Isa { scalar, avx2, avx512, amx };

/// "scalar", "avx2", "avx512", "amx". Throws UsageError for anything else.
Isa parse_isa(std::string_view name);

/// What this processor can run, from the slowest to the fastest; scalar is always there.
/// avx512 means F, BW, VL and DQ; without AVX512_BF16 its bfloat16 product is that of avx2,
/// without AVX512_VNNI its int8 and int4 products are.
/// amx means all of avx512 and tiles for bfloat16 and int8, where the kernel gives this process leave to use them;
/// its other loops are those of avx512.
const std::vector<Isa>& supported_isas();

/// The set that VITRINE_ISA names when it is set, else the best one. Throws UsageError when that is unknown.
Isa isa_in_force();

/// The loops of one instruction set. Throws UsageError when the processor lacks it.
const KernelTable& kernel_table(Isa isa);

/// The loops in force: of VITRINE_ISA when set, else of the best set. Read once; thread-safe.
/// Throws UsageError when VITRINE_ISA is unknown or not supported.
const KernelTable& kernel_table();

}  // namespace vitrine::kernels
