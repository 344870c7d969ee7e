#include "copywriting/corruption_words.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/resource.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

bool is_all_ideographs(std::u32string_view word) { return std::all_of(word.begin(), word.end(), text::is_cjk_ideograph); }

std::vector<std::string> claim_words(const checks::Checker& checker, std::string_view type, std::string_view wanted_note) {
  std::vector<std::string> words;
  for (const auto& term : checker.claims().lexicon().terms()) {
    const bool fits = term.type == type && term.level == checks::Level::block && (wanted_note.empty() || term.note == wanted_note);
    if (fits && term.text.size() >= 2 && is_all_ideographs(term.text)) words.push_back(text::to_utf8(term.text));
  }
  return words;
}

}  // namespace

CorruptionWords CorruptionWords::load(const checks::Checker& checker) {
  CorruptionWords words;
  const std::map<std::string, std::vector<std::string>*, std::less<>> roles = {
      {"noun", &words.noun}, {"intensifier", &words.intensifier}, {"attributive", &words.attributive}, {"adverb", &words.adverb},
      {"closing", &words.closing}, {"function_frame", &words.function_frame}, {"material_frame", &words.material_frame},
      {"origin_frame", &words.origin_frame}, {"origin", &words.origin}};
  const auto path = resource_path("rules/corruptions/words.tsv");
  for (const auto& row : checks::read_rule_file(path).rows) {
    const auto role = roles.find(row.at("role"));
    VITRINE_REQUIRE(role != roles.end(), "[corruptions] ", path.string(), " line ", row.line, ": role: unknown '", row.at("role"), "'");
    role->second->push_back(row.at("word"));
  }
  words.function = claim_words(checker, "function", "metric");
  words.material = claim_words(checker, "material", "");
  return words;
}

}  // namespace vitrine::copywriting
