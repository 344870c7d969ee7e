// copywriting/corruptions.h - worse texts made from good ones by rule: the synthetic pairs that
// teach the ranking model (feature A5).
//
// Every rule makes one named fault and looks whether the fault is there; where it cannot make it,
// there is no text.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "checks/checker.h"
#include "copywriting/corruption_words.h"
#include "data/preferences.h"
#include "data/product.h"
#include "data/statistics.h"

namespace vitrine::copywriting {

enum class Corruption {
  attribute_dropped,  // the clauses that say a value are gone
  attribute_changed,  // another value of the same key, which the product lacks, stands for it
  banned_term,        // an absolute term (极限词) woven in; the checker blocks the text for it
  unsupported_claim,  // a function, material or origin that the product does not prove; the checker
                      // finds it
  point_late,         // what says the distinctive value stands at the end
  clauses_repeated,   // one or two clauses come twice
  sentences_shuffled,  // sentences (or clauses, where there are not three) in another order, with
                       // another start
  other_product        // the text of another product of the category that shares few values
};
inline constexpr std::array<Corruption, 8> kCorruptions = {
    Corruption::attribute_dropped,  Corruption::attribute_changed, Corruption::banned_term,
    Corruption::unsupported_claim,  Corruption::point_late,        Corruption::clauses_repeated,
    Corruption::sentences_shuffled, Corruption::other_product};

/// The name above: `type` of the pairs. Stable.
std::string_view to_string(Corruption rule);

struct GoodText {
  const data::Product& product;
  std::string_view text;                    // UTF-8
  std::string_view distinctive_value = {};  // as the text says it; for point_late only
};

/// Immutable, safe for any number of threads.
class Corruptor {
 public:
  /// statistics: where other values come from. pool: products with copy (summary), must outlive it;
  /// a product of the pool is never put in its own place. checker must outlive it.
  Corruptor(const data::AttributeStatistics& statistics, std::span<const data::Product> pool,
            const checks::Checker& checker = checks::Checker::shipped());

  /// The worse text, other than the good one and valid UTF-8, or nothing when the rule does not
  /// apply. Depends on rule, text, product, key and what the constructor got alone. Throws
  /// InvalidInput when the text is not UTF-8.
  std::optional<std::string> worse(Corruption rule, const GoodText& good, RandomKey key) const;

 private:
  std::optional<std::string> attempt(Corruption rule, const GoodText& good,
                                     RandomStream& random) const;
  std::optional<std::string> change_value(const GoodText& good, RandomStream& random) const;
  std::optional<std::string> ban(const GoodText& good, RandomStream& random) const;
  std::optional<std::string> claim(const GoodText& good, RandomStream& random) const;
  std::optional<std::string> replace_text(const GoodText& good, RandomStream& random) const;
  int count_absolute_terms(std::string_view text, const checks::Evidence& evidence) const;
  bool is_unsupported_in(std::string_view text, std::string_view word,
                         const data::Product& product) const;

  const checks::Checker& checker_;
  CorruptionWords words_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>>
      values_;  // category and key: values of at least two products
  std::map<std::string, std::vector<const data::Product*>, std::less<>> pool_;  // by category
};

}  // namespace vitrine::copywriting
