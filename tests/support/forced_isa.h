// support/forced_isa.h - whether this processor has the instruction set that VITRINE_ISA names.
#pragma once
#include <algorithm>
#include <cstdlib>

#include "kernels/isa.h"

namespace vitrine::test {

/// True when none is named.
inline bool can_run_forced_isa() {
  const char* forced = std::getenv("VITRINE_ISA");
  if (forced == nullptr) return true;
  const auto& isas = kernels::supported_isas();
  return std::find(isas.begin(), isas.end(), kernels::parse_isa(forced)) != isas.end();
}

}  // namespace vitrine::test
