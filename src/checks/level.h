// checks/level.h - what a finding means for a text, from nothing to "must not leave".
#pragma once
#include <string_view>

namespace vitrine::checks {

/// In order of weight. pass: an exception; harmless: praise without a fact; needs_proof: leaves only
/// with an evidence document that a reviewer approved.
enum class Level { pass, harmless, warn, needs_proof, block };
Level parse_level(std::string_view name);  // throws InvalidInput
std::string_view to_string(Level level);

}  // namespace vitrine::checks
