#include "checks/clause_repair.h"

#include <gtest/gtest.h>

#include "text/utf8.h"

namespace vitrine::checks {
namespace {

/// Drops the clauses that hold `word`.
std::string without(const std::string& text, const std::string& word) {
  const std::u32string code_points = text::to_utf32(text), target = text::to_utf32(word);
  std::vector<Span> spans;
  for (size_t at = code_points.find(target); at != code_points.npos; at = code_points.find(target, at + 1)) {
    spans.emplace_back(at, at + target.size());
  }
  const auto rest = drop_clauses(code_points, spans);
  return rest ? text::to_utf8(*rest) : "nothing";
}

TEST(ClauseRepairTest, WithoutSpansTheTextStaysAsItIs) { EXPECT_EQ(without("圆领设计，简约大方；很好看。", "棉"), "圆领设计，简约大方；很好看。"); }

TEST(ClauseRepairTest, TheClauseInTheMiddleGoesAlone) {
  EXPECT_EQ(without("这款衬衫采用简约的圆领，穿着透气，很显气质。", "透气"), "这款衬衫采用简约的圆领，很显气质。");
}

TEST(ClauseRepairTest, ASentenceThatLosesItsEndGetsItsMark) {
  EXPECT_EQ(without("这款衬衫采用简约的圆领，穿着透气！很显气质。", "透气"), "这款衬衫采用简约的圆领！很显气质。");
}

TEST(ClauseRepairTest, AConnectiveGoesWithTheClauseItLeansOn) {
  EXPECT_EQ(without("这款衬衫采用简约的圆领，面料透气，从而带来好心情。下摆开叉很别致。", "透气"), "这款衬衫采用简约的圆领。下摆开叉很别致。");
}

TEST(ClauseRepairTest, AnOpenerGoesWithTheClauseItWaitsFor) {
  EXPECT_EQ(without("这款衬衫的圆领很简约大方，不仅时尚，还很透气。下摆开叉很别致。", "透气"), "这款衬衫的圆领很简约大方。下摆开叉很别致。");
}

TEST(ClauseRepairTest, WithoutItsSubjectTheSentenceGoesWhole) {
  EXPECT_EQ(without("透气的雪纺面料，轻松应对炎炎夏日。下摆开叉很别致。", "透气"), "下摆开叉很别致。");
}

TEST(ClauseRepairTest, ANewTopicMayOpenTheSentence) {
  EXPECT_EQ(without("面料透气，圆领的设计显得简约大方。", "透气"), "圆领的设计显得简约大方。");
}

TEST(ClauseRepairTest, AShortRestGoesToo) { EXPECT_EQ(without("很时尚，穿着透气。圆领的设计显得简约大方。", "透气"), "圆领的设计显得简约大方。"); }

TEST(ClauseRepairTest, ASentenceThatPointsBackGoesWithTheOneBefore) {
  EXPECT_EQ(without("圆领的设计很简约大方。面料很透气。其质感上乘。", "透气"), "圆领的设计很简约大方。");
}

TEST(ClauseRepairTest, ASemicolonAtTheEndBecomesAFullStop) {
  EXPECT_EQ(without("圆领的设计很简约大方；面料很透气。", "透气"), "圆领的设计很简约大方。");
}

TEST(ClauseRepairTest, NothingIsLeftWhenEverySentenceGoes) { EXPECT_EQ(without("面料很透气。", "透气"), "nothing"); }

TEST(ClauseRepairTest, AnEmptyTextGivesNothing) { EXPECT_FALSE(drop_clauses(U"", {}).has_value()); }

std::string normalized(const std::string& text) { return text::to_utf8(normalize_punctuation(text::to_utf32(text))); }

TEST(PunctuationTest, HalfWidthMarksBecomeFullWidthOutsideLatinText) {
  EXPECT_EQ(normalized("收腰包臀,修饰曲线;很美!"), "收腰包臀，修饰曲线；很美！");
  EXPECT_EQ(normalized("比例3:7,很美。"), "比例3:7，很美。");
}
TEST(PunctuationTest, SpacesBetweenLatinWordsStay) { EXPECT_EQ(normalized("hip hop 风格 。"), "hip hop风格。"); }
TEST(PunctuationTest, DoubledMarksBecomeTheStrongerOne) { EXPECT_EQ(normalized("好看，。很美～～"), "好看。很美。"); }
TEST(PunctuationTest, AnUnfinishedTextGetsItsEnd) {
  EXPECT_EQ(normalized("很美，"), "很美。");
  EXPECT_EQ(normalized("很美"), "很美。");
  EXPECT_EQ(normalized("“很美”"), "“很美”");
}
TEST(PunctuationTest, NormalizingTwiceChangesNothing) {
  for (const std::string text : {"，收腰 包臀,,很美~", "a b，c", "（很美)"}) EXPECT_EQ(normalized(normalized(text)), normalized(text)) << text;
}

}  // namespace
}  // namespace vitrine::checks
