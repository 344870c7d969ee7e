// checks/checker.h - all checks of a text, in the order of copy_checks section 2.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/absolute_terms.h"
#include "checks/category_rules.h"
#include "checks/check_report.h"
#include "checks/claims.h"
#include "checks/evidence.h"
#include "checks/lengths.h"
#include "checks/quoted_sources.h"
#include "checks/rule_hit.h"
#include "checks/sentence_rules.h"

namespace vitrine::checks {

/// Phase two of the claim gate: names the attributes that a suspicious span rests on.
/// Implementations say whether they may be shared by threads.
class EvidenceJudge {
 public:
  virtual ~EvidenceJudge() = default;
  /// For each span of the text (code points, half-open) the ids of the facts that entail it;
  /// empty = none. Only ids of `evidence` come back.
  virtual std::vector<std::vector<std::string>> supporting(
      std::u32string_view text, const std::vector<std::pair<size_t, size_t>>& spans,
      const Evidence& evidence) = 0;
};

/// Immutable after load; safe for any number of threads (with a judge: as the judge is).
class Checker {
 public:
  /// Loads the lists of rules.dir(); `shop_lengths`: a shop's own limits (checks/lengths.h), may be
  /// empty. `rules` must outlive it.
  /// Throws NotFound or InvalidInput naming file, line, field and value.
  static Checker load(const RuleSet& rules, const std::filesystem::path& shop_lengths = {});
  /// Over RuleSet::shipped(), loaded once.
  static const Checker& shipped();

  /// judge: may be null. Throws InvalidInput when `text` is not UTF-8.
  CheckReport check(std::string_view text, const Evidence& evidence, const CheckContext& context,
                    EvidenceJudge* judge = nullptr) const;

  const RuleSet& rules() const { return *rules_; }
  const ClaimFinder& claims() const { return claims_; }
  const AbsoluteTerms& absolute_terms() const { return absolute_terms_; }
  const LengthRules& lengths() const { return lengths_; }

  /// Terms that block unless the product supports them, and those that are only to be kept out of new
  /// copy (note keep_out), UTF-8: what a decoder keeps out. Terms with
  /// Latin letters or digits are left out.
  std::vector<std::string> blocking_terms() const;
  /// Phrases in which such a term is none (最后).
  std::vector<std::string> exceptions() const;

 private:
  const RuleSet* rules_ = nullptr;
  ClaimFinder claims_;
  AbsoluteTerms absolute_terms_;
  CategoryRules categories_;
  QuotedSources quoted_sources_;
  LengthRules lengths_;
  SentenceRules sentences_;
};

/// Today in UTC, YYYY-MM-DD: the usual CheckContext::today.
std::string today();

}  // namespace vitrine::checks
