// checks/output_faults.h - dirt and cut-off texts: what must not leave whatever the text claims.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"

namespace vitrine::checks {

struct OutputFaultLimits {
  int max_repeated_4grams = 0;  // positions whose 4 code points stood in the text before
};

/// The faults of a text, by name: bad_utf8 (alone), control_character, placeholder, cut_off (the last character ends no sentence),
/// repeated_clause, repeated_4gram, no_product_word (neither the category nor a word of rules/checks/product_words.tsv for it;
/// never for a product without category). Empty = clean.
std::vector<std::string> output_faults(std::string_view text, const data::Product& product, const OutputFaultLimits& limits = {});

/// Positions whose n code points, punctuation and spaces aside, stood earlier in the text.
int count_repeated_ngrams(std::u32string_view text, size_t n);

/// Clauses between 。！？；，~ and line ends, in order, spaces trimmed; a clause that stood before in the text counts as repeated.
bool has_repeated_clause(std::u32string_view text);

/// Share of the product's attribute values (as written or canonical, folded) that the text holds; 1 without attributes.
///   any_word_for_category  the value that is the category also counts when the text names the product by another word
double literal_coverage(std::u32string_view text, const data::Product& product, bool any_word_for_category);

/// Whether the text names the product; true for a product without category.
bool names_product(std::u32string_view text, const data::Product& product);

}  // namespace vitrine::checks
