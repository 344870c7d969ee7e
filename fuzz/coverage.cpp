#include "coverage.h"

#include <array>
#include <bit>
#include <cstdint>

namespace {

constexpr size_t kTableBits = 16;
constexpr size_t kTableSize = size_t{1} << kTableBits;

std::array<uint8_t, kTableSize> taken, seen;  // of this input; of all: bit k = taken at least 2^k times
size_t previous_mark = 0, branch_count = 0;
bool is_tracing = false;

uint8_t frequency_bit(uint8_t count) { return static_cast<uint8_t>(std::bit_floor(count)); }

}  // namespace

/// The compiler calls this at the start of each basic block.
extern "C" __attribute__((no_sanitize_coverage, no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc() {
  if (!is_tracing) return;
  const auto address = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  const size_t mark = static_cast<size_t>((address * 0x9e3779b97f4a7c15ULL) >> (64 - kTableBits));
  uint8_t& count = taken.data()[(mark ^ previous_mark) % kTableSize];
  if (count < UINT8_MAX) ++count;
  previous_mark = mark >> 1;
}

namespace vitrine::fuzz {

void begin_input() {
  taken.fill(0);
  previous_mark = 0;
  is_tracing = true;
}

bool end_input() {
  is_tracing = false;
  bool is_new = false;
  for (size_t i = 0; i < kTableSize; ++i) {
    if (taken[i] == 0) continue;
    const uint8_t bit = frequency_bit(taken[i]);
    if ((seen[i] & bit) != 0) continue;
    branch_count += seen[i] == 0;
    seen[i] |= bit;
    is_new = true;
  }
  return is_new;
}

size_t branches() { return branch_count; }

}  // namespace vitrine::fuzz
