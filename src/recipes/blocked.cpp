#include "recipes/blocked.h"

namespace vitrine::recipes {

Blocked blocked(const copywriting::Candidate& candidate) {
  Blocked result;
  for (const auto& hit : candidate.report.hits) {
    if (hit.level != checks::Level::block) continue;
    const bool is_unsupported = hit.rule->test == "claims" || hit.rule->test == "numbers";
    (is_unsupported ? result.unsupported : result.banned) = true;
  }
  return result;
}

}  // namespace vitrine::recipes
