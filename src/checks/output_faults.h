// checks/output_faults.h - dirt and cut-off texts: what must not leave whatever the text claims.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/product.h"

namespace vitrine::checks {

struct OutputFaultLimits {
  int max_repeated_4grams = 0;  // positions whose 4 code points stood in the text before
  bool is_post = false;         // line breaks may part its sentences; tags and pictures may follow the last one
};

/// The faults of a text, by name: bad_utf8 (alone), control_character, placeholder, cut_off (the last character ends no sentence),
/// repeated_clause, repeated_4gram, no_product_word (neither the category nor a word of rules/checks/product_words.tsv for it;
/// never for a product without category). Empty = clean.
std::vector<std::string> output_faults(std::string_view text, const data::Product& product, const OutputFaultLimits& limits = {});

/// Positions whose n code points, none of them punctuation or a space, stood earlier in the text; rising.
std::vector<size_t> repeated_ngrams(std::u32string_view text, size_t n);
/// How many these are.
int count_repeated_ngrams(std::u32string_view text, size_t n);
/// Of all places where n code points fit, 0..1.
double repeated_share(std::u32string_view text, size_t n);

/// Spans of the clauses that stood before in the text. Clauses lie between 。！？；，~ and line ends; leading spaces are not
/// part of them.
std::vector<std::pair<size_t, size_t>> repeated_clauses(std::u32string_view text);
bool has_repeated_clause(std::u32string_view text);

/// Share of the product's attribute values (as written or canonical, folded) that the text holds; 1 without attributes.
///   any_word_for_category  the value that is the category also counts when the text names the product by another word
double literal_coverage(std::u32string_view text, const data::Product& product, bool any_word_for_category);

/// Whether the text names the product; true for a product without category.
bool names_product(std::u32string_view text, const data::Product& product);

}  // namespace vitrine::checks
