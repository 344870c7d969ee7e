// Sentences that break no rule of advertising law (tests/data/checks/benign.txt), and how many of
// them the rules of absolute terms, categories and quoted sources would stop all the same.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/file.h"
#include "checks/checker.h"
#include "checks/tsv_rules.h"

namespace vitrine::checks {
namespace {

std::vector<std::string> benign_sentences() {
  std::vector<std::string> sentences;
  const auto file = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/checks/benign.txt";
  for (const auto& line : split(read_file(file), '\n')) {
    if (!line.empty() && line.front() != '#') sentences.push_back(line);
  }
  return sentences;
}

bool is_law(const Rule& rule) {
  return rule.id.starts_with("ABS-") || rule.id.starts_with("CAT-") || rule.id.starts_with("CIT-");
}

TEST(BenignSentences, AtMostTwoPercentAreStopped) {
  const RuleSet rules = RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  const Checker checker = Checker::load(rules);
  const Evidence nothing{data::Product()};
  const auto sentences = benign_sentences();
  ASSERT_GE(sentences.size(), 500U);
  size_t stopped = 0;
  for (const auto& sentence : sentences) {
    bool is_stopped = false;
    for (const auto& hit : checker.check(sentence, nothing, {.today = "2026-11-24"}).hits) {
      if (hit.level < Level::needs_proof || !is_law(*hit.rule)) continue;
      is_stopped = true;
      std::printf("%s %s: %s\n", hit.rule->id.c_str(), hit.term.c_str(), sentence.c_str());
    }
    stopped += is_stopped ? 1 : 0;
  }
  std::printf("stopped %zu of %zu (%.2f %%)\n", stopped, sentences.size(),
              100.0 * static_cast<double>(stopped) / static_cast<double>(sentences.size()));
  EXPECT_LE(static_cast<double>(stopped), 0.02 * static_cast<double>(sentences.size()));
}

}  // namespace
}  // namespace vitrine::checks
