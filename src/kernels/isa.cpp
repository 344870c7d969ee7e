#include "kernels/isa.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace vitrine::kernels {

Isa parse_isa(std::string_view name) {
  if (name == "scalar") return Isa::scalar;
  if (name == "avx2") return Isa::avx2;
  if (name == "avx512") return Isa::avx512;
  if (name == "amx") return Isa::amx;
  throw UsageError(concat("[parse_isa] VITRINE_ISA: expected scalar, avx2, avx512 or amx, got '", name, "'"));
}

Isa isa_in_force() {
  const char* forced = std::getenv("VITRINE_ISA");
  return forced != nullptr && *forced != '\0' ? parse_isa(forced) : supported_isas().back();
}

const KernelTable& kernel_table() {
  static const KernelTable& table = kernel_table(isa_in_force());
  return table;
}

}  // namespace vitrine::kernels
