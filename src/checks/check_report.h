// checks/check_report.h - what the checks say about one text, as JSON and to read on a terminal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "checks/claim.h"
#include "checks/lengths.h"
#include "checks/rule_hit.h"

namespace vitrine::checks {

struct CheckReport {
  std::string text;             // as it was checked
  std::vector<RuleHit> hits;    // in order of begin, then rule id
  std::vector<Claim> claims;    // in order of begin, then type
  Lengths lengths;
  const RuleSet* rules = nullptr;

  /// The highest level among the hits; pass when there is none.
  Level verdict() const;
};

/// no_hit | warn | needs_proof | block
std::string_view verdict_name(Level verdict);

Json hits_json(const CheckReport& report);
Json claims_json(const CheckReport& report);

/// The object of copy_checks section 2.
Json to_json(const CheckReport& report, std::string_view text_id);

/// The text with the spans of its hits underlined and numbered, then a line a hit: level, words,
/// rule, law and article, suggested wording. Chinese.
///   colour  ANSI colours and underlines; without it the spans stand in 【 】
std::string to_terminal(const CheckReport& report, std::string_view text_id, bool colour);

}  // namespace vitrine::checks
