#include "copywriting/corruption_words.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/resource.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

bool is_all_ideographs(std::u32string_view word) {
  return std::all_of(word.begin(), word.end(), text::is_cjk_ideograph);
}

std::vector<std::string> function_words(const checks::Checker& checker) {
  std::vector<std::string> words;
  for (const auto& term : checker.claims().lexicon().terms()) {
    const bool fits =
        term.type == "function" && term.level == checks::Level::block && term.note == "metric";
    if (fits && term.text.size() >= 2 && is_all_ideographs(term.text))
      words.push_back(text::to_utf8(term.text));
  }
  return words;
}

}  // namespace

CorruptionWords CorruptionWords::load(const checks::Checker& checker) {
  CorruptionWords words;
  const std::map<std::string, std::vector<std::string>*, std::less<>> roles = {
      {"noun", &words.noun},
      {"intensifier", &words.intensifier},
      {"attributive", &words.attributive},
      {"adverb", &words.adverb},
      {"closing", &words.closing},
      {"cloth", &words.cloth},
      {"function_frame", &words.function.frames},
      {"function_inline", &words.function.inlines},
      {"material", &words.material.words},
      {"material_frame", &words.material.frames},
      {"material_inline", &words.material.inlines},
      {"origin", &words.origin.words},
      {"origin_frame", &words.origin.frames},
      {"origin_inline", &words.origin.inlines}};
  const auto path = resource_path("rules/corruptions/words.tsv");
  for (const auto& row : checks::read_rule_file(path).rows) {
    const auto role = roles.find(row.at("role"));
    VITRINE_REQUIRE(role != roles.end(), "[corruptions] ", path.string(), " line ", row.line,
                    ": role: unknown '", row.at("role"), "'");
    role->second->push_back(row.at("word"));
  }
  words.function.words = function_words(checker);
  return words;
}

}  // namespace vitrine::copywriting
