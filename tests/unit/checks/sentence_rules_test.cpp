#include "checks/sentence_rules.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

const SentenceRules& sentences() {
  static const RuleSet set =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  static const SentenceRules result = SentenceRules::load(set);
  return result;
}

std::string joined(const std::vector<std::string>& parts, uint64_t seed = 0) {
  return sentences().join_sentences(parts, RandomKey(seed));
}

TEST(SentenceRulesTest, AStyleWithoutARowIsTheDefault) {
  EXPECT_EQ(sentences().style("short").max_sentence, 30U);
  EXPECT_EQ(sentences().style("unknown").name, "default");
  EXPECT_EQ(sentences().style("default").openers.front(), U"这一款");
}

TEST(SentenceRulesTest, TitlesHaveNoWindow) {
  std::vector<RuleHit> hits;
  sentences().find(U"真丝连衣裙", Evidence(data::Product()), {.field = "title"}, hits);
  EXPECT_TRUE(hits.empty());
}

TEST(SentenceRulesTest, JoiningPutsTheOpenerFirstAndKeepsOneOfEachClause) {
  EXPECT_EQ(joined({"圆领大方。", "这款裙子很轻，面料柔软", "面料柔软，袖口收紧！"}, 1),
            "这款裙子很轻，面料柔软。圆领大方。袖口收紧！");
  EXPECT_EQ(joined({"这款裙子很轻", "这款连衣裙好看"}), "这款裙子很轻。连衣裙好看。");
  EXPECT_EQ(joined({"面料柔软", "面料柔软。"}), "面料柔软。");
  EXPECT_EQ(joined({}), "");
}

TEST(SentenceRulesTest, SeparatorsComeAtTheirShares) {
  std::map<char32_t, int> counts;
  const int draws = 4000;
  for (uint64_t seed = 0; seed < draws; ++seed) {
    ++counts[text::to_utf32(joined({"甲", "乙"}, seed))[1]];
  }
  EXPECT_NEAR(counts[U'。'], 0.90 * draws, 80);
  EXPECT_NEAR(counts[U'，'], 0.06 * draws, 60);
  EXPECT_NEAR(counts[U'；'], 0.04 * draws, 50);
  EXPECT_EQ(joined({"甲", "乙"}, 7), joined({"甲", "乙"}, 7));
}

TEST(SentenceRulesTest, ThreeOfFourHumanTextsKeepTheDefaultStyle) {
  std::istringstream lines(read_file(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl"));
  int texts = 0, marked = 0;
  for (std::string line; std::getline(lines, line); ++texts) {
    const Json row = parse_json(line, "dev.jsonl");
    std::vector<RuleHit> hits;
    sentences().find(text::to_utf32(row["summary"].get<std::string>()),
                     Evidence(data::product_from_content(row["content"].get<std::string>())), {},
                     hits);
    marked += !hits.empty();
  }
  EXPECT_LT(marked, texts / 4);
  EXPECT_GT(marked, texts / 20);
}

}  // namespace
}  // namespace vitrine::checks
