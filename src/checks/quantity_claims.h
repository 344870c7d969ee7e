// checks/quantity_claims.h - numbers with units in a text, against those of the evidence.
//
// copy_checks section 4, rules NUM-1 to NUM-6: units convert inside their class; one number of a
// class in the evidence repairs another one in the text; several repair nothing.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "checks/claim.h"
#include "checks/evidence.h"
#include "checks/numbers.h"
#include "data/units.h"

namespace vitrine::checks {

/// A number with its unit.
struct Quantity {
  double value = 0;
  std::string unit;      // as written, folded; empty = none
  const data::Unit* known = nullptr;  // in the unit table, or null
};

/// Immutable and thread-safe.
class QuantityClaims {
 public:
  /// Reads rules.dir()/gated_terms.tsv. `rules` must outlive it. Throws NotFound or InvalidInput.
  static QuantityClaims load(const RuleSet& rules);

  /// The claim that the number token of the folded text makes. With a repair when nothing
  /// supports it: the evidence's number in the writer's unit (NUM-2), or dropping the sentence.
  Claim judge(const Token& token, const Evidence& evidence) const;

  /// NUM-5: gated terms (5G, 独显, IPX7) that the evidence lacks or denies.
  void find_gated(std::u32string_view folded, const Evidence& evidence,
                  std::vector<Claim>& claims) const;

 private:
  std::optional<Quantity> read(std::u32string_view token) const;
  std::vector<Quantity> quantities_of(const Fact& fact) const;

  const RuleSet* rules_ = nullptr;
  std::shared_ptr<const data::UnitTable> units_;
  Lexicon gated_;
};

}  // namespace vitrine::checks
