// checks/claim.h - one factual span of a text, and what supports it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/rule_hit.h"

namespace vitrine::checks {

/// contradicted: the evidence says something else of the same kind. harmless: praise without a fact
/// that could be checked; it needs no evidence.
enum class Support { entailed, unsupported, contradicted, harmless };
std::string_view to_string(Support support);

struct Claim {
  std::string type;          // function, material, placeholder, number, brand, origin, honour, …
  size_t begin = 0, end = 0;  // code points of the text, half-open
  std::string value;         // as it stands in the text
  Support support = Support::unsupported;
  Level level = Level::block;  // of the rule; it counts only when nothing supports the claim
  std::vector<std::string> evidence = {};  // attr:<id>, doc:<id>, brand, title, price
  const Rule* rule = nullptr;
  std::optional<Repair> repair = {};  // of a claim that nothing supports
};

/// Whether nothing supports the claim though something must.
inline bool is_unsupported(const Claim& claim) {
  return claim.support == Support::unsupported || claim.support == Support::contradicted;
}
/// Whether the claim must not leave.
inline bool is_blocking(const Claim& claim) {
  return is_unsupported(claim) && claim.level == Level::block;
}

}  // namespace vitrine::checks
