// copywriting/fields.h - titles and short titles of a product, and copy cut for a platform's field.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "checks/cut_text.h"
#include "checks/lengths.h"
#include "copywriting/plan.h"
#include "data/product.h"

namespace vitrine::copywriting {

struct FieldTexts {
  std::vector<std::string> texts;  // each different
  std::string
      refusal;  // why there is none: "too_short: …", "too_long: …", "no_subject", "emoji: …"
};

/// The limit of a platform's field; where none is known, what a field may hold at most: title 60
/// weighted, short_title 30 code points, without a rule. Throws InvalidInput for another field of
/// an unknown platform.
checks::Limit limit_for(const checks::LengthRules& rules, std::string_view platform,
                        std::string_view field);

/// Up to n titles: brand, then points, then the noun of the product, such as 北屿真丝V领连衣裙.
/// Values are whole or absent; nothing is said that the product does not say, and no two characters
/// of it stand twice. Brand, noun and pinned points are always there. The first text has the points
/// in the plan's order, others in an order drawn from key.fold_in(i); text i does not depend on n.
/// A text below the limit's minimum gets the words of rules/fields/suffixes.tsv behind its values
/// (简约 becomes 简约风格). Fewer than n when the product admits no more.
FieldTexts write_titles(const data::Product& product, const Plan& plan, const checks::Limit& limit,
                        RandomKey key, int n);

/// `text` cut for a field: the first mention of the brand, the noun and each pinned point stays,
/// values are not cut inside. Nothing when that cannot fit. reserved: units kept free for a label's
/// sentence.
std::optional<checks::CutText> fit_text(std::string_view text, const data::Product& product,
                                        const Plan& plan, const checks::Limit& limit,
                                        int64_t reserved = 0);

}  // namespace vitrine::copywriting
