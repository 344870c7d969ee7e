#include "recipes/copy_quality.h"

#include <algorithm>
#include <set>

#include "checks/output_faults.h"
#include "checks/clause_repair.h"

namespace vitrine::recipes {
namespace {

double length_part(size_t length) {
  const auto l = static_cast<double>(length);
  if (l < 55) return l / 55;
  return std::clamp((320 - l) / 160, 0.0, 1.0);
}

double variety_part(std::u32string_view text) {
  std::set<std::u32string_view> seen;
  for (size_t at = 0; at + 2 <= text.size(); ++at) seen.insert(text.substr(at, 2));
  if (text.size() < 2) return 0;
  const double share = static_cast<double>(seen.size()) / static_cast<double>(text.size() - 1);
  return std::clamp(2 * share - 1, 0.0, 1.0);
}

bool pairs_close(std::u32string_view text) {
  for (const auto pair : {U"“”", U"‘’", U"《》", U"（）", U"【】"}) {
    if (std::count(text.begin(), text.end(), pair[0]) != std::count(text.begin(), text.end(), pair[1])) return false;
  }
  return true;
}

bool sentences_fit(std::u32string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(U"。！？；"), text.size());
    if (end < 4 || end > 60) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

double punctuation_part(std::u32string_view text) {
  const bool ends = !text.empty() && std::u32string_view(U"。！？…”").find(text.back()) != std::u32string_view::npos;
  const bool calm = std::count(text.begin(), text.end(), U'！') <= 2;
  return (pairs_close(text) + (ends && checks::starts_well(text)) + sentences_fit(text) + calm) / 4.0;
}

}  // namespace

QualityParts quality_of(std::u32string_view text, const data::Product& product) {
  return {.coverage = checks::literal_coverage(text, product, /*any_word_for_category=*/true), .length = length_part(text.size()), .variety = variety_part(text),
          .punctuation = punctuation_part(text)};
}

}  // namespace vitrine::recipes
