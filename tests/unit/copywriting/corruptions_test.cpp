// Each rule makes its own fault in a literal text, the same one for the same key, and none where it
// does not apply.
#include "copywriting/corruptions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "checks/output_faults.h"
#include "copywriting/text_clauses.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kText =
    "这款连衣裙采用简约的风格，穿起来非常优雅。蕾丝花边点缀裙摆，增添女性的柔美气息。修身的版型勾勒"
    "腰线，日常通勤都合适。";

data::Product product_of(std::string_view content, std::string summary = "") {
  data::Product product = data::product_from_content(content);
  product.summary = std::move(summary);
  return product;
}

class CorruptionsTest : public testing::Test {
 protected:
  CorruptionsTest() {
    for (const auto& product : pool_) {
      statistics_.add(product);
      statistics_.add(product);  // only values of two products count
    }
  }

  std::optional<std::string> worse(Corruption rule, std::string_view text = kText,
                                   std::string_view distinctive = "", uint64_t seed = 0) const {
    return Corruptor(statistics_, pool_)
        .worse(rule, {product_, text, distinctive}, RandomKey(seed));
  }

  data::Product product_ = product_of("类型#裙*风格#简约*图案#蕾丝*版型#修身");
  std::vector<data::Product> pool_ = {
      product_of("类型#裙*风格#复古*图案#格子*版型#宽松", "复古的格子裙，宽松的版型很舒适。"),
      product_of("类型#裤*风格#复古*图案#格子*版型#宽松", "复古的格子裤。")};
  data::AttributeStatistics statistics_;
};

TEST_F(CorruptionsTest, DropsTheClausesThatSayOneValue) {
  const auto text = worse(Corruption::attribute_dropped);
  ASSERT_TRUE(text);
  int missing = 0;
  for (const char* value : {"简约", "蕾丝", "修身"})
    missing += text->find(value) == std::string::npos;
  EXPECT_GE(missing, 1) << *text;
  EXPECT_LT(missing, 3) << *text;
  EXPECT_LT(text->size(), kText.size());
}

TEST_F(CorruptionsTest, DropsNothingFromATextThatSaysNoValue) {
  EXPECT_FALSE(worse(Corruption::attribute_dropped, "好看的裙子，值得拥有。"));
}

TEST_F(CorruptionsTest, ChangesAValueToOneOfTheSameKeyThatTheProductLacks) {
  const auto text = worse(Corruption::attribute_changed);
  ASSERT_TRUE(text);
  const std::vector<std::string> possible = {
      "这款连衣裙采用复古的风格，穿起来非常优雅。蕾丝花边点缀裙摆，增添女性的柔美气息。修身的版型勾"
      "勒腰线，日常通勤都合适。",
      "这款连衣裙采用简约的风格，穿起来非常优雅。格子花边点缀裙摆，增添女性的柔美气息。修身的版型勾"
      "勒腰线，日常通勤都合适。",
      "这款连衣裙采用简约的风格，穿起来非常优雅。蕾丝花边点缀裙摆，增添女性的柔美气息。宽松的版型勾"
      "勒腰线，日常通勤都合适。"};
  EXPECT_NE(std::find(possible.begin(), possible.end(), *text), possible.end()) << *text;
}

TEST_F(CorruptionsTest, ChangesNothingWhereNoOtherValueIsKnown) {
  product_ = product_of("类型#鞋*风格#简约");
  EXPECT_FALSE(worse(Corruption::attribute_changed));
}

TEST_F(CorruptionsTest, WeavesInAnAbsoluteTermThatTheCheckerBlocks) {
  const checks::Evidence evidence(product_);
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const auto text = worse(Corruption::banned_term, kText, "", seed);
    ASSERT_TRUE(text);
    EXPECT_EQ(checks::Checker::shipped().check(*text, evidence, {}).verdict(), checks::Level::block)
        << *text;
  }
}

TEST_F(CorruptionsTest, EveryTermOfTheListBlocksInItsPlace) {
  const auto& checker = checks::Checker::shipped();
  const auto words = CorruptionWords::load(checker);
  std::vector<std::string> samples;
  for (const auto& word : words.attributive)
    samples.push_back("采用" + word + "的设计，更显优雅。");
  for (const auto& word : words.adverb) samples.push_back("穿起来" + word + "优雅。");
  for (const auto& word : words.closing) samples.push_back("穿起来很优雅，" + word + "。");
  for (const auto& sample : samples) {
    const auto report = checker.check(sample, checks::Evidence(product_), {});
    const bool blocks = std::any_of(report.hits.begin(), report.hits.end(), [](const auto& hit) {
      return hit.rule->id.starts_with("ABS") && hit.level == checks::Level::block;
    });
    EXPECT_TRUE(blocks) << sample;
  }
}

TEST_F(CorruptionsTest, InsertsAClaimThatTheProductDoesNotProve) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const auto text = worse(Corruption::unsupported_claim, kText, "", seed);
    ASSERT_TRUE(text);
    const auto claims = checks::find_claims(*text, product_);
    EXPECT_TRUE(std::any_of(claims.begin(), claims.end(), [](const auto& claim) {
      return is_blocking(claim);
    })) << *text;
  }
}

TEST_F(CorruptionsTest, EveryClaimOfTheListIsFoundInItsFrame) {
  const auto words = CorruptionWords::load(checks::Checker::shipped());
  for (const auto* kind : {&words.function, &words.material, &words.origin}) {
    ASSERT_FALSE(kind->words.empty() || kind->frames.empty() || kind->inlines.empty());
    for (const auto& word : kind->words) {
      const auto claims = checks::find_claims("穿起来很优雅，面料源自" + word + "。", product_);
      EXPECT_TRUE(std::any_of(claims.begin(), claims.end(), [](const auto& claim) {
        return is_unsupported(claim);
      })) << word;
    }
  }
}

TEST_F(CorruptionsTest, MovesTheSentenceOfTheDistinctivePointToTheEnd) {
  EXPECT_EQ(worse(Corruption::point_late, kText, "蕾丝"),
            "这款连衣裙采用简约的风格，穿起来非常优雅。修身的版型勾勒腰线，日常通勤都合适。蕾丝花边"
            "点缀裙摆，增添女性的柔美气息。");
}

TEST_F(CorruptionsTest, MovesTheClauseWhereThereIsOneSentence) {
  EXPECT_EQ(worse(Corruption::point_late,
                  "蕾丝花边点缀裙摆，这款裙子简约大方，修身的版型勾勒腰线。", "蕾丝"),
            "这款裙子简约大方，修身的版型勾勒腰线，蕾丝花边点缀裙摆。");
}

TEST_F(CorruptionsTest, MovesNoPointThatIsLateOrNotThere) {
  EXPECT_FALSE(worse(Corruption::point_late, kText, "修身"));
  EXPECT_FALSE(worse(Corruption::point_late, kText, "格子"));
  EXPECT_FALSE(worse(Corruption::point_late, kText, ""));
}

TEST_F(CorruptionsTest, RepeatsClauses) {
  ASSERT_FALSE(checks::has_repeated_clause(text::to_utf32(kText)));
  const auto text = worse(Corruption::clauses_repeated);
  ASSERT_TRUE(text);
  EXPECT_TRUE(checks::has_repeated_clause(text::to_utf32(*text))) << *text;
  EXPECT_FALSE(worse(Corruption::clauses_repeated, "好看。"));
}

TEST_F(CorruptionsTest, ShufflesSentencesAndStartsWithAnother) {
  const auto text = worse(Corruption::sentences_shuffled);
  ASSERT_TRUE(text);
  EXPECT_FALSE(text->starts_with("这款连衣裙")) << *text;
  auto before = std::string(kText), after = *text;
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  EXPECT_EQ(after, before);
}

TEST_F(CorruptionsTest, ShufflesClausesWhereSentencesAreFew) {
  const auto text = worse(Corruption::sentences_shuffled, "简约的裙子，蕾丝的花边，修身的版型。");
  ASSERT_TRUE(text);
  EXPECT_FALSE(text->starts_with("简约")) << *text;
  EXPECT_TRUE(text->ends_with("。"));
  EXPECT_FALSE(worse(Corruption::sentences_shuffled, "简约的裙子，蕾丝的花边。"));
}

TEST_F(CorruptionsTest, TakesTheTextOfAnotherProductOfTheCategory) {
  EXPECT_EQ(worse(Corruption::other_product), "复古的格子裙，宽松的版型很舒适。");
}

TEST_F(CorruptionsTest, TakesNoTextOfAProductWithTheSameValues) {
  pool_[0] = product_of("类型#裙*风格#简约*图案#蕾丝", "简约的裙子，好看。");
  EXPECT_FALSE(worse(Corruption::other_product));
}

TEST_F(CorruptionsTest, GivesTheSameTextForTheSameKeyAndOthersForOthers) {
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    EXPECT_EQ(worse(Corruption::banned_term, kText, "", seed),
              worse(Corruption::banned_term, kText, "", seed));
    texts.insert(*worse(Corruption::banned_term, kText, "", seed));
  }
  EXPECT_GE(texts.size(), 4u);
}

TEST_F(CorruptionsTest, RefusesATextThatIsNotUtf8) {
  EXPECT_THROW(worse(Corruption::banned_term, "\xff"), InvalidInput);
}

TEST(TextClausesTest, JoinAgainToTheText) {
  for (const std::string text : {"甲，乙。丙", "，甲。。", "", "甲,乙;丙！？", "甲"})
    EXPECT_EQ(joined(split_clauses(text)), text);
  EXPECT_EQ(split_clauses("甲，乙。丙").size(), 3u);
}

}  // namespace
}  // namespace vitrine::copywriting
