#include "checks/level.h"

#include <array>

#include "base/error.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::string_view, 5> kNames{"pass", "harmless", "warn", "needs_proof",
                                                 "block"};

}  // namespace

Level parse_level(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  throw InvalidInput(concat("level: expected pass, harmless, warn, needs_proof or block, got '",
                            name, "'"));
}

std::string_view to_string(Level level) { return kNames[static_cast<size_t>(level)]; }

}  // namespace vitrine::checks
