// checks/fixer.h - repairs and rewrites a text until the checks let it leave, or gives it up.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "checks/checker.h"

namespace vitrine::checks {

/// One round's changes for one rule.
struct FixStep {
  std::string rule_id;
  std::string before, after;  // the span and what took its place; "" = gone
};

struct FixedText {
  CheckReport report;            // of the text that came out, or of the last try when dropped
  std::vector<FixStep> steps;    // in order
  int rounds = 0;                // 1 to 3; 0 = nothing was to be done
  bool dropped = false;          // still blocked after the last round, or nothing was left
};

/// The text with every sentence that its hits say must stand (广告, 本品不能代替药物), each once.
std::string with_mandatory_sentences(const CheckReport& report);

/// Applies the repairs of hits that block or warn with a wording of their own (and of needs_proof
/// ones none: a person decides), checks the new text again, at most 3 times.
/// Numbers and exact wordings are replaced first; then clauses and sentences go, with what leans on
/// them (clause_repair.h); sentences that must stand are appended last.
FixedText fix(const Checker& checker, std::string_view text, const Evidence& evidence,
              const CheckContext& context, EvidenceJudge* judge = nullptr);

}  // namespace vitrine::checks
