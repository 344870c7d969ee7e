// copywriting/style.h - a text put into a platform's style by rule, and how far a text keeps the rules.
//
// What a transform may do: another word of the same meaning outside of the product's values, an
// opening and a closing that state nothing, emoji, line breaks, tags of what the text says, and
// leaving out clauses that state no value. The values that a text says are the same before and after.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "checks/lengths.h"
#include "copywriting/plan.h"
#include "copywriting/style_rules.h"
#include "data/product.h"

namespace vitrine::copywriting {

/// `text` in the style; the same key gives the same text, other keys other openings, closings, emoji
/// and tags. A style that does not transform gives `text` itself.
///   limit  of a platform's field: what is optional goes until the post fits; null = none
/// Clauses that state no value go until the post fits; one whose values alone are too long stays too
/// long, and check_style says so. Throws InvalidInput when `text` is not UTF-8.
std::string apply_style(std::string_view text, const data::Product& product, const Plan& plan,
                        const Style& style, RandomKey key, const checks::Limit* limit = nullptr);

/// Units that a post has beyond its sentences at least: the fixed tags.
int64_t least_overhead(const Style& style, checks::LengthUnit unit);

struct StyleCheck {
  std::string rule;    // length, emoji, tags, fixed_tags, opening, line_breaks, tone, habits
  bool holds = false;
  std::string found;   // what stands there: "87", "非常"
};

/// The rules that the style has, each once. Throws InvalidInput when `text` is not UTF-8.
std::vector<StyleCheck> check_style(std::string_view text, const Style& style);

/// Share of the checks that hold; 1 for none.
double share_kept(const std::vector<StyleCheck>& checks);

}  // namespace vitrine::copywriting
