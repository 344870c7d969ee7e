// copywriting/corruptions.h - good copy made worse by one written rule: the synthetic pairs of the ranking model.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "data/product.h"

namespace vitrine::copywriting {

enum class Corruption {
  attribute_dropped,   // the clauses that say one value are gone
  attribute_changed,   // a said value is another one of its key, which the product lacks
  banned_term,         // an absolute term that the law forbids stands in it
  unsupported_claim,   // a material or function without evidence stands in it
  point_late,          // the sentence with the distinctive value comes last
  clauses_repeated,    // two clauses stand twice
  sentences_shuffled,  // sentences, of short texts clauses, in another order
  other_product,       // the text of another product of the pool
};

const std::vector<Corruption>& all_corruptions();
/// As the enum spells it: the `type` of a synthetic pair.
std::string_view name_of(Corruption rule);

struct CorruptionInput {
  const data::Product& product;
  std::string_view text;                         // UTF-8, good copy of the product
  std::string distinctive_value;                 // of the product; point_late
  std::span<const data::Product* const> pool;    // products of its category with copy; attribute_changed, other_product
};

/// The worse text, or nothing where the rule does not apply: the text says no value, its fault would not be one (a changed
/// value that the product has as well, a term that the checks let pass here), or nothing would change. Depends on the arguments
/// alone.
std::optional<std::string> corrupt(Corruption rule, const CorruptionInput& input, RandomKey key);

}  // namespace vitrine::copywriting
