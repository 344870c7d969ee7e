#include "checks/fixer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

const Checker& checker() {
  static const RuleSet rules =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  static const Checker result = Checker::load(rules);
  return result;
}

FixedText fixed(const std::string& text, const std::string& content = "类型#裙",
                CheckContext context = {}) {
  context.today = "2026-11-24";
  return fix(checker(), text, Evidence(data::product_from_content(content), "2026-11-24"), context);
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(FixerTest, ATextWithoutFaultsComesBackAsItIs) {
  const auto result = fixed("这条裙子简约大方，穿着十分好看。");
  EXPECT_EQ(result.report.text, "这条裙子简约大方，穿着十分好看。");
  EXPECT_EQ(result.rounds, 0);
  EXPECT_TRUE(result.steps.empty());
  EXPECT_FALSE(result.dropped);
}

TEST(FixerTest, WordingsAreReplacedBeforeClausesAreDropped) {
  const auto result = fixed("这条裙子穿着十分好看，这是最佳的选择。裙身采用真丝面料，裙摆十分飘逸。");
  ASSERT_GE(result.steps.size(), 2U);
  EXPECT_EQ(result.steps[0].rule_id, "ABS-01");
  EXPECT_FALSE(result.steps[0].after.empty());
  EXPECT_EQ(result.steps[1].rule_id, "CLM-MAT");
  EXPECT_EQ(result.steps[1].before, "真丝");
  EXPECT_EQ(result.steps[1].after, "");
  EXPECT_FALSE(result.dropped);
  EXPECT_EQ(result.report.text.find("真丝"), std::string::npos) << result.report.text;
  EXPECT_NE(result.report.text.find("好看"), std::string::npos) << result.report.text;
  EXPECT_EQ(result.rounds, 2);
}

TEST(FixerTest, OneNumberOfTheEvidenceRepairsAnotherAndSeveralDropTheSentence) {
  const auto one = fixed("这条裙子十分好看，裙长90cm，很显气质。", "类型#裙*裙长#95cm");
  EXPECT_NE(one.report.text.find("裙长95cm"), std::string::npos) << one.report.text;
  ASSERT_FALSE(one.steps.empty());
  EXPECT_EQ(one.steps[0].rule_id, "NUM-2");
  const auto several =
      fixed("这条裙子穿着十分好看。整条裙长90cm，很好看。", "类型#裙*裙长#95cm*胸围#88cm");
  EXPECT_EQ(several.report.text, "这条裙子穿着十分好看。");
  EXPECT_EQ(several.steps[0].rule_id, "NUM-3");
}

TEST(FixerTest, AtMostThreeRoundsAreMade) {
  for (const char* text : {"最佳，真丝，90cm，透气。", "最佳的BRAND。", "全网最低，最佳，最好，第一。"}) {
    EXPECT_LE(fixed(text, "类型#裙*裙长#95cm").rounds, 3) << text;
  }
}

TEST(FixerTest, ATextOfNothingButFaultsIsDropped) {
  const auto result = fixed("真丝面料。");
  EXPECT_TRUE(result.dropped);
  EXPECT_EQ(result.report.text, "真丝面料。");
  EXPECT_EQ(result.report.verdict(), Level::block);
}

TEST(FixerTest, OnlyTheClauseGoesWhereNoSentenceWouldBeLeft) {
  const auto result = fixed("这条裙子的版型简约大方，穿着十分好看，裙长90cm。",
                            "类型#裙*裙长#95cm*胸围#88cm");
  EXPECT_FALSE(result.dropped);
  EXPECT_EQ(result.report.text, "这条裙子的版型简约大方，穿着十分好看。");
}

TEST(FixerTest, ASentenceThatMustStandIsAppendedOnce) {
  const auto result = fixed("这条裙子简约大方，穿着十分好看", "类型#裙", {.style = "xiaohongshu"});
  EXPECT_EQ(count(result.report.text, "广告"), 1U) << result.report.text;
  EXPECT_TRUE(result.report.text.starts_with("这条裙子简约大方，穿着十分好看。"));
  const auto again = fixed(result.report.text, "类型#裙", {.style = "xiaohongshu"});
  EXPECT_EQ(again.report.text, result.report.text);
  EXPECT_EQ(count(with_mandatory_sentences(result.report), "广告"), 1U);
}

TEST(FixerTest, UnverifiedRulesRewriteNothing) {
  for (const Rule* rule : checker().rules().rules()) {
    if (rule->status != RuleStatus::unverified) continue;
    EXPECT_LE(rule->level, Level::warn) << rule->id;
  }
  const std::string text = "这是驰名商标的裙子，穿着十分好看，简约大方。";
  const auto result = fixed(text);
  EXPECT_TRUE(std::any_of(result.report.hits.begin(), result.report.hits.end(), [](const auto& hit) {
    return hit.term == "驰名商标" && hit.rule->status == RuleStatus::unverified;
  }));
  for (const auto& step : result.steps) {
    EXPECT_NE(checker().rules().at(step.rule_id, "test").status, RuleStatus::unverified) << step.rule_id;
  }
  EXPECT_NE(result.report.text.find("驰名商标"), std::string::npos);
}

TEST(FixerTest, WhatNeedsProofIsLeftToPeople) {
  const std::string text = "这条裙子是本店最好的款式，穿着十分好看。";
  const auto result = fixed(text);
  EXPECT_EQ(result.report.verdict(), Level::needs_proof);
  EXPECT_EQ(result.report.text, text);
  EXPECT_TRUE(result.steps.empty());
}

}  // namespace
}  // namespace vitrine::checks
