#include "text/graphemes.h"

#include <gtest/gtest.h>

#include <string>

namespace vitrine::text {
namespace {

using Ends = std::vector<size_t>;

TEST(GraphemesTest, EmojiSequencesFlagsKeycapsAndMarksAreOneCluster) {
  EXPECT_EQ(grapheme_ends(U"裙a"), (Ends{1, 2}));
  EXPECT_EQ(grapheme_ends(U"👩‍👩‍👧裙"), (Ends{5, 6}));
  EXPECT_EQ(grapheme_ends(U"👍🏽👍"), (Ends{2, 3}));
  EXPECT_EQ(grapheme_ends(U"🇨🇳🇯🇵"), (Ends{2, 4}));
  EXPECT_EQ(grapheme_ends(U"1\uFE0F\u20E32"), (Ends{3, 4}));
  EXPECT_EQ(grapheme_ends(U"e\u0301a"), (Ends{2, 3}));
  EXPECT_EQ(grapheme_ends(U"❤\uFE0F。"), (Ends{2, 3}));
  EXPECT_TRUE(grapheme_ends(U"").empty());
}

TEST(GraphemesTest, PicturesAreToldFromSigns) {
  for (const auto* emoji : {U"😀", U"👩‍👧", U"🇨🇳", U"1\uFE0F\u20E3", U"❤", U"❤\uFE0F", U"✨",
                            U"©\uFE0F", U"🏽"}) {
    EXPECT_TRUE(is_emoji(emoji)) << static_cast<uint32_t>(emoji[0]);
  }
  for (const auto* text : {U"裙", U"a", U"1", U"★", U"☆", U"。", U"™", U"©", U"❤\uFE0E", U"①"}) {
    EXPECT_FALSE(is_emoji(text)) << static_cast<uint32_t>(text[0]);
  }
}

TEST(GraphemesTest, WideFullwidthAndAmbiguousCodePointsAreDouble) {
  for (const char32_t c : std::u32string(U"裙。，、（）【】“”…—·ａ１　①★℃αⅡ😀𠮷")) {
    EXPECT_TRUE(is_double_width(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : std::u32string(U"aZ09 .,-()[]©ë")) {
    EXPECT_FALSE(is_double_width(c)) << static_cast<uint32_t>(c);
  }
  EXPECT_FALSE(is_double_width(0x10FFFF));
}

}  // namespace
}  // namespace vitrine::text
