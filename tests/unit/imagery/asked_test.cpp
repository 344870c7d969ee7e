#include "imagery/asked.h"

#include <gtest/gtest.h>

namespace vitrine::imagery {
namespace {

using Words = std::vector<std::string>;

const CaptionWords& captions() {
  static const CaptionWords kCaptions = CaptionWords::load();
  return kCaptions;
}

Asked asked(std::string_view prompt) { return asked_by(caption_words_in(prompt, captions()), captions()); }

TEST(AskedTest, CaptionWordsAreFoundInAPromptTheLongestFirst) {
  EXPECT_EQ(caption_words_in("连衣裙 红色 纯色", captions()), (Words{"连衣裙", "红色", "纯色"}));
  EXPECT_EQ(caption_words_in("一件深灰色的长袖T恤", captions()), (Words{"灰色", "长袖T恤"}));
  EXPECT_EQ(caption_words_in("a (Red:1.2) long sleeve t-shirt, plain", captions()), (Words{"红色", "长袖T恤", "纯色"}));
}

TEST(AskedTest, PartsOfOtherWordsAreNone) {
  EXPECT_EQ(caption_words_in("a tired dressed man", captions()), Words{});
  EXPECT_EQ(caption_words_in("黑科技面料", captions()), Words{});
  EXPECT_EQ(caption_words_in("裙，黑", captions()), (Words{"裙", "黑色"}));
}

TEST(AskedTest, TheColourOfTheBackgroundIsNotAskedOfTheProduct) {
  EXPECT_EQ(asked("连衣裙 红色 白色背景").colour, ColourName::red);
  EXPECT_EQ(asked("dress, red, white background").colour, ColourName::red);
}

TEST(AskedTest, AWiderWordAllowsSeveralClassesAndANarrowOneOfThemDecides) {
  EXPECT_EQ(asked_by({"裙"}, captions()).classes, (Words{"dress", "skirt"}));
  EXPECT_EQ(asked_by({"连衣裙"}, captions()).classes, Words{"dress"});
  EXPECT_EQ(asked_by({"上衣", "衬衫"}, captions()).classes, Words{"shirt"});
  EXPECT_EQ(asked_by({"鞋", "帽子"}, captions()).classes, (Words{"shoes", "hat"}));
  EXPECT_EQ(asked_by({"手镯"}, captions()).classes, Words{});
}

TEST(AskedTest, MoreThanOneColourIsNoColour) {
  EXPECT_EQ(asked_by({"红色", "黑色"}, captions()).colour, std::nullopt);
  EXPECT_EQ(asked_by({"红色", "红色"}, captions()).colour, ColourName::red);
  EXPECT_EQ(asked("a dress").colour, std::nullopt);
}

}  // namespace
}  // namespace vitrine::imagery
