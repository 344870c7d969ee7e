#include "copywriting/alignment.h"

#include <gtest/gtest.h>

namespace vitrine::copywriting {
namespace {

TEST(AlignmentTest, SentencesJoinedGiveTheTextAgain) {
  const std::string text = "这款连衣裙很好看！！采用蕾丝。没有句号";
  const auto sentences = split_sentences(text);
  ASSERT_EQ(sentences.size(), 3u);
  EXPECT_EQ(sentences[0], "这款连衣裙很好看！！");
  EXPECT_EQ(sentences[0] + sentences[1] + sentences[2], text);
}

TEST(AlignmentTest, APointBelongsToTheSentenceOfItsFirstMention) {
  const auto aligned = align_points("蕾丝连衣裙。蕾丝很美，v领显气质。", {{"裙领型", "v领"}, {"材质", "蕾丝"}, {"风格", "性感"}}, {});
  ASSERT_EQ(aligned.size(), 2u);
  EXPECT_EQ(aligned[0].points, (std::vector<PromptPoint>{{"材质", "蕾丝"}}));
  EXPECT_EQ(aligned[1].points, (std::vector<PromptPoint>{{"裙领型", "v领"}}));
}

TEST(AlignmentTest, ATermThatTheProductLacksIsMarkedByAnEmptyKey) {
  const auto aligned = align_points("雪纺连衣裙，透气。", {{"裙长", "连衣裙"}}, {"透气", "雪纺"});
  ASSERT_EQ(aligned.size(), 1u);
  EXPECT_EQ(aligned[0].points, (std::vector<PromptPoint>{{"", "雪纺"}, {"裙长", "连衣裙"}, {"", "透气"}}));
}

TEST(AlignmentTest, ATermInsideAValueIsNoTermOfItsOwn) {
  const auto aligned = align_points("牛仔布外套。", {{"材质", "牛仔布"}}, {"牛仔"});
  EXPECT_EQ(aligned[0].points, (std::vector<PromptPoint>{{"材质", "牛仔布"}}));
}

}  // namespace
}  // namespace vitrine::copywriting
