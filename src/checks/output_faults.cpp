#include "checks/output_faults.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/resource.h"
#include "checks/claims.h"
#include "checks/lengths.h"
#include "checks/tsv_rules.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kSentenceEnds = U"。！？!?…~～”」》";
constexpr std::u32string_view kClauseEnds = U"，。！？；,;!?~～\n";

using ProductWords = std::map<std::string, std::vector<std::u32string>>;

const ProductWords& product_words() {
  static const ProductWords words = [] {
    ProductWords result;
    for (const RuleRow& row : read_rule_file(resource_path("rules/checks/product_words.tsv")).rows) {
      for (const std::string& word : split(row.at("words"), ';')) result[row.at("category")].push_back(fold(text::to_utf32(word)));
    }
    return result;
  }();
  return words;
}

bool has_control_character(std::u32string_view text, bool line_breaks) {
  return std::any_of(text.begin(), text.end(), [&](char32_t c) { return (c < 0x20 && !(line_breaks && c == U'\n')) || (c >= 0x7F && c < 0xA0) || c == 0xFFFD || c == 0x200B || c == 0xFEFF; });
}

bool has_placeholder(std::u32string_view text) {
  const auto hits = ClaimFinder::shipped().lexicon().find(text);
  return std::any_of(hits.begin(), hits.end(), [](const TermHit& hit) { return hit.term->type == "placeholder"; });
}

std::u32string_view without_pictures_at_end(std::u32string_view text) {
  size_t begin = 0, end = 0;  // end: behind the last cluster that is neither picture nor space
  for (const size_t next : text::grapheme_ends(text)) {
    const auto cluster = text.substr(begin, next - begin);
    if (!text::is_emoji(cluster) && !text::is_space(cluster[0])) end = next;
    begin = next;
  }
  return text.substr(0, end);
}

/// The text without the tags and pictures that follow its last sentence.
std::u32string_view without_tail(std::u32string_view text) {
  const auto tags = tag_places(text);
  text = without_pictures_at_end(text);
  for (size_t i = tags.size(); i-- > 0;) {
    if (tags[i] >= text.size() || std::any_of(text.begin() + static_cast<std::ptrdiff_t>(tags[i]), text.end(), text::is_space)) break;
    text = without_pictures_at_end(text.substr(0, tags[i]));
  }
  return text;
}

bool is_cut_off(std::u32string_view text) { return text.empty() || kSentenceEnds.find(text.back()) == kSentenceEnds.npos; }

bool is_counted(char32_t c) { return !text::is_space(c) && !text::is_punctuation(c); }

}  // namespace

std::vector<size_t> repeated_ngrams(std::u32string_view text, size_t n) {
  std::set<std::u32string_view> seen;
  std::vector<size_t> repeated;
  for (size_t at = 0; at + n <= text.size(); ++at) {
    const auto ngram = text.substr(at, n);
    if (!std::all_of(ngram.begin(), ngram.end(), is_counted)) continue;
    if (!seen.insert(ngram).second) repeated.push_back(at);
  }
  return repeated;
}

int count_repeated_ngrams(std::u32string_view text, size_t n) {
  return static_cast<int>(repeated_ngrams(text, n).size());
}

double repeated_share(std::u32string_view text, size_t n) {
  return text.size() < n ? 0 : count_repeated_ngrams(text, n) / static_cast<double>(text.size() - n + 1);
}

std::vector<std::pair<size_t, size_t>> repeated_clauses(std::u32string_view text) {
  std::set<std::u32string_view> seen;
  std::vector<std::pair<size_t, size_t>> repeated;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_of(kClauseEnds, begin), text.size());
    while (begin < end && text::is_space(text[begin])) ++begin;
    if (begin < end && !seen.insert(text.substr(begin, end - begin)).second) repeated.emplace_back(begin, end);
    begin = end + 1;
  }
  return repeated;
}

bool has_repeated_clause(std::u32string_view text) { return !repeated_clauses(text).empty(); }

bool names_product(std::u32string_view text, const data::Product& product) {
  const std::string category = data::category_of(product);
  if (category.empty()) return true;
  const std::u32string folded = fold(text);
  const auto holds = [&](const std::u32string& word) { return folded.find(word) != folded.npos; };
  const auto words = product_words().find(category);
  if (words != product_words().end() && std::any_of(words->second.begin(), words->second.end(), holds)) return true;
  return holds(fold(text::to_utf32(category)));
}

double literal_coverage(std::u32string_view text, const data::Product& product, bool any_word_for_category) {
  if (product.attributes.empty()) return 1;
  const std::u32string folded = fold(text);
  const std::string category = data::category_of(product);
  const auto holds = [&](std::string_view value) { return folded.find(fold(text::to_utf32(value))) != folded.npos; };
  size_t found = 0;
  for (const auto& a : product.attributes) {
    const bool is_named = any_word_for_category && a.val == category && names_product(text, product);
    found += is_named || holds(a.val) || holds(a.val_raw);
  }
  return static_cast<double>(found) / static_cast<double>(product.attributes.size());
}

std::vector<std::string> output_faults(std::string_view utf8, const data::Product& product, const OutputFaultLimits& limits) {
  if (!text::is_valid_utf8(utf8)) return {"bad_utf8"};
  const std::u32string code_points = text::to_utf32(utf8);
  std::vector<std::string> faults;
  const auto add = [&](bool is_fault, const char* name) {
    if (is_fault) faults.emplace_back(name);
  };
  add(has_control_character(code_points, limits.is_post), "control_character");
  add(has_placeholder(code_points), "placeholder");
  add(is_cut_off(limits.is_post ? without_tail(code_points) : std::u32string_view(code_points)), "cut_off");
  add(has_repeated_clause(code_points), "repeated_clause");
  add(count_repeated_ngrams(code_points, 4) > limits.max_repeated_4grams, "repeated_4gram");
  add(!names_product(code_points, product), "no_product_word");
  return faults;
}

}  // namespace vitrine::checks
