// checks/claims.h - what a text says about a product, and whether the product's evidence says it too.
//
// Phase one of the claim gate (copy_checks section 3): word lists, patterns, numbers. Cheap, meant to
// miss nothing. Phase two (EvidenceJudge) may lower a suspicion when it can name the attribute.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "checks/claim.h"
#include "checks/claim_patterns.h"
#include "checks/evidence.h"
#include "checks/lexicon.h"
#include "checks/look_claims.h"
#include "checks/numbers.h"
#include "checks/quantity_claims.h"
#include "data/product.h"

namespace vitrine::checks {

/// The lists of one rules folder. Immutable and safe for any number of threads.
class ClaimFinder {
 public:
  /// Reads the lists of rules.dir(). `rules` must outlive it. Throws NotFound or InvalidInput naming
  /// file, line, field and value.
  static ClaimFinder load(const RuleSet& rules);
  /// The shipped lists, read once.
  static const ClaimFinder& shipped();

  /// Claims in order of begin, then type. A term is entailed when an attribute's value holds it or
  /// equals a value that supports it (棉 supports 纯棉); a number when a value holds it with its unit,
  /// conversion included; a Latin word also by the product's brand or title.
  /// Placeholders and comparisons are never entailed.
  std::vector<Claim> find(std::u32string_view text, const Evidence& evidence) const;
  /// The same. Throws InvalidInput when `text` is not UTF-8.
  std::vector<Claim> find_claims(std::string_view text, const data::Product& product) const;

  const Lexicon& lexicon() const { return lexicon_; }
  const LookClaims& looks() const { return looks_; }
  /// Terms of a level, UTF-8, in the lists' order; `note`: only those with this note.
  std::vector<std::string> terms(Level level, std::string_view note = {}) const;

 private:
  Claim claim_of(const TermHit& hit, const Evidence& evidence) const;

  const RuleSet* rules_ = nullptr;
  Lexicon lexicon_;
  TokenRules tokens_;
  QuantityClaims quantities_;
  LookClaims looks_;
  ClaimPatterns patterns_;
};

/// ClaimFinder::shipped().find_claims(text, product).
std::vector<Claim> find_claims(std::string_view text, const data::Product& product);

}  // namespace vitrine::checks
