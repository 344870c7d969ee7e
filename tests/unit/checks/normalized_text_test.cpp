#include "checks/normalized_text.h"

#include <gtest/gtest.h>

#include "checks/lexicon.h"

namespace vitrine::checks {
namespace {

TEST(NormalizedTextTest, WidthCaseFormsAndTraditionalCharactersAreUndone) {
  const auto text = normalize_for_checks(U"ＮＯ．１國家級①㎡№");
  EXPECT_EQ(text.folded, U"no.1國家級①㎡№");
  EXPECT_EQ(text.normal.text, U"no.1国家级1m2no");
}

TEST(NormalizedTextTest, ACharacterKnowsWhereItCameFrom) {
  const auto text = normalize_for_checks(U"a\u200b㎡b");
  ASSERT_EQ(text.normal.text, U"am2b");
  EXPECT_EQ(text.normal.original_span(1, 3), (std::pair<size_t, size_t>(2, 3)));
  EXPECT_EQ(text.normal.original_span(0, 2), (std::pair<size_t, size_t>(0, 3)));
}

TEST(NormalizedTextTest, SeparatorsGoAndSentenceEndsAndCommasStay) {
  EXPECT_EQ(normalize_for_checks(U"最 ·-❤️佳").compact.text, U"最佳");
  for (const char32_t end : std::u32string(U"。！？，、；：\n")) {
    EXPECT_FALSE(is_separator(fold(end))) << static_cast<uint32_t>(end);
    EXPECT_EQ(normalize_for_checks(std::u32string(U"最") + end + U"佳").compact.text.size(), 3U);
  }
}

TEST(NormalizedTextTest, APointBetweenDigitsStays) {
  EXPECT_EQ(normalize_for_checks(U"1.00 %").compact.text, U"1.00%");
  EXPECT_EQ(normalize_for_checks(U"no . 1").compact.text, U"no1");
}

TEST(NormalizedTextTest, AReplacedSpellingStandsForItsWholeSpan) {
  const auto text = normalize_for_checks(U"是最j i a的");
  ASSERT_EQ(text.compact.text, U"是最佳的");
  EXPECT_EQ(text.compact.original_span(1, 3), (std::pair<size_t, size_t>(1, 7)));
}

TEST(NormalizedTextTest, ASpellingDoesNotMatchInsideALongerWord) {
  EXPECT_EQ(normalize_for_checks(U"最jiang").compact.text, U"最jiang");
  EXPECT_EQ(normalize_for_checks(U"第1").compact.text, U"第一");
  EXPECT_EQ(normalize_for_checks(U"第12").compact.text, U"第12");
  EXPECT_EQ(normalize_for_checks(U"第1.5").compact.text, U"第1.5");
}

TEST(NormalizedTextTest, WhatIsNoCharacterStaysAsItIs) {
  const std::u32string odd{0xD800, U'最', 0xDFFF, 0x110000, 0xFFFFFFFF};
  const auto text = normalize_for_checks(odd);
  EXPECT_EQ(text.normal.text, odd);
  EXPECT_EQ(text.original, odd);
}

TEST(NormalizedTextTest, TenThousandInvisibleCharactersHideNothing) {
  std::u32string hidden = U"最" + std::u32string(10000, U'\u200b') + U"佳";
  const auto text = normalize_for_checks(hidden);
  EXPECT_EQ(text.compact.text, U"最佳");
  EXPECT_EQ(text.compact.original_span(0, 2), (std::pair<size_t, size_t>(0, 10002)));
}

TEST(NormalizedTextTest, AnEmptyTextStaysEmpty) {
  const auto text = normalize_for_checks(U"");
  EXPECT_TRUE(text.normal.text.empty() && text.compact.text.empty());
}

}  // namespace
}  // namespace vitrine::checks
