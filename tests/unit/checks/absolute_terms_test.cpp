#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "support/law_cases.h"

namespace vitrine::checks {
namespace {

const test::LawFinders& finders() {
  static const test::LawFinders result;
  return result;
}

std::vector<RuleHit> hits_in(std::u32string_view text, const data::Product& product = {}) {
  CheckContext context;
  context.today = "2026-11-24";
  return finders().find(text, product, context);
}

TEST(TermSearchTest, APatternStandsForAllItsChoices) {
  EXPECT_EQ(expand_pattern(U"最{佳|好}{期|}"),
            (std::vector<std::u32string>{U"最佳期", U"最佳", U"最好期", U"最好"}));
  EXPECT_EQ(expand_rewrite(U"最{大|小}的", U"很{}"),
            (std::vector<std::pair<std::u32string, std::u32string>>{{U"最大的", U"很大"},
                                                                    {U"最小的", U"很小"}}));
}

TEST(TermSearchTest, ABraceWithoutItsPairIsRefused) {
  EXPECT_THROW(expand_pattern(U"最{佳"), InvalidInput);
  EXPECT_THROW(expand_pattern(U"最佳}"), InvalidInput);
  EXPECT_THROW(expand_pattern(U"{a{b|c}}"), InvalidInput);
}

TEST(AbsoluteTermsTest, TheRewriteReplacesTheSpan) {
  const auto hits = hits_in(U"这是最舒适的裙子。");
  ASSERT_EQ(hits.size(), 1U);
  ASSERT_TRUE(hits[0].repair);
  EXPECT_EQ(hits[0].repair->kind, Repair::Kind::replace);
  EXPECT_EQ(hits[0].repair->text, "很舒适");
  EXPECT_EQ(hits[0].begin, 2U);
  EXPECT_EQ(hits[0].end, 5U);
}

TEST(AbsoluteTermsTest, NoRewriteBringsAnotherAbsoluteTerm) {
  for (const RuleRow& row : read_rule_file(finders().rules.dir() / "absolute_terms.tsv").rows) {
    for (const auto& [term, rewrite] :
         expand_rewrite(folded_term(row.at("term")), folded_term(row.at("rewrite")))) {
      EXPECT_TRUE(hits_in(rewrite).empty())
          << text::to_utf8(term) << " -> " << text::to_utf8(rewrite);
      EXPECT_EQ(rewrite.find_first_of(U"{}"), std::u32string::npos) << row.at("term");
    }
  }
}

TEST(AbsoluteTermsTest, AnUnverifiedRuleIsNotRepaired) {
  const auto hits = hits_in(U"驰名商标。");
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].level, Level::warn);
  EXPECT_FALSE(hits[0].repair);
}

TEST(AbsoluteTermsTest, TheTermsForDecodingBlockAndTheExceptionsDoNot) {
  const auto terms = finders().absolute.blocking_terms();
  const auto exceptions = finders().absolute.exceptions();
  EXPECT_GT(terms.size(), 150U);
  EXPECT_NE(std::find(terms.begin(), terms.end(), "国家级"), terms.end());
  EXPECT_EQ(std::find(terms.begin(), terms.end(), "驰名商标"), terms.end());
  EXPECT_NE(std::find(exceptions.begin(), exceptions.end(), "最佳食用期"), exceptions.end());
  for (const auto& phrase : exceptions)
    EXPECT_TRUE(hits_in(text::to_utf32(phrase)).empty()) << phrase;
}

TEST(AbsoluteTermsTest, AHitNamesTheDocumentThatProvesIt) {
  data::Product product;
  product.extra["docs"] = Json::array({{{"id", "d7"}, {"type", "award"}, {"scope", "最佳设计奖"}}});
  const auto hits = hits_in(U"荣获最佳设计奖。", product);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].level, Level::needs_proof);
  EXPECT_EQ(hits[0].evidence_id, "d7");
}

TEST(CategoryRulesTest, AMissingSentenceIsAHitAtTheEnd) {
  data::Product product;
  product.category_path = {"理财"};
  const auto hits = hits_in(U"稳健。", product);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].begin, 3U);
  EXPECT_EQ(hits[0].end, 3U);
  EXPECT_EQ(hits[0].repair->kind, Repair::Kind::append);
}

/// Texts that make a finder look far and often; a quadratic step would be felt.
TEST(LawFindersTest, LongTextsTakeLinearTime) {
  data::Product product;
  product.category_path = {"新房"};
  product.brand = "首选牌";
  size_t found = 0;
  for (const std::u32string piece :
       {U"最好", U"平米", U"据调查", U"“唯一", U"国x家", U"\u200b最 ", U"%的用户"}) {
    std::u32string text;
    while (text.size() < 10000) text += piece;
    found += hits_in(text, product).size();
  }
  EXPECT_GT(found, 10000U);
}

}  // namespace
}  // namespace vitrine::checks
