// checks/rule_hit.h - one place of a text where a rule applies, and what can be done about it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checks/rule_set.h"

namespace vitrine::checks {

/// One exemption that was tried: "yes", or "no: <what is missing>".
struct ExemptionTest {
  std::string id;  // EX-6-6
  std::string result;
};

/// What --fix may do about a hit.
struct Repair {
  enum class Kind {
    replace,        // the span by `text`
    drop_clause,    // the clause that holds the span
    drop_sentence,  // the sentence that holds the span
    append          // `text` at the end of the copy
  };
  Kind kind = Kind::replace;
  std::string text = {};
};

struct RuleHit {
  size_t begin = 0, end = 0;  // code points of the original text, half-open
  std::string term;           // as it stands in the text, or as the rule spells it when the text lacks it
  const Rule* rule = nullptr;
  Level level = Level::block;  // after exemptions
  bool evasion = false;        // found only through normalisation; never lowered by an exemption
  std::vector<ExemptionTest> exemption_tested = {};
  std::string evidence_required = {};
  std::string evidence_id = {};  // the document that was accepted as proof; may be empty
  std::optional<Repair> repair = {};
};

/// What is known about where a text will stand.
struct CheckContext {
  std::string platform = {};          // taobao | pdd | … (rules/checks/lengths.tsv); empty = none
  std::string field = "description";  // title | short_title | description
  std::string style = {};             // xiaohongshu and douyin: 种草 presets
  bool company_info = false;  // the firm's own name, founding, scope; sells nothing (EX-4)
  std::string today = {};     // YYYY-MM-DD: what is in force and still valid; empty = all is
};

}  // namespace vitrine::checks
