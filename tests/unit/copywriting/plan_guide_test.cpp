#include "copywriting/plan_guide.h"

#include <gtest/gtest.h>

#include <cmath>

#include "text/utf8.h"
#include "unit/copywriting/copy_vocabulary.h"

namespace vitrine::copywriting {
namespace {

class PlanGuideTest : public ::testing::Test {
 protected:
  std::unique_ptr<text::Tokenizer> tokenizer_ = small_copy_tokenizer();
  PromptFormat format_{*tokenizer_};
  GuideVocabulary vocabulary_{format_, {"蕾丝", "透气"}};

  std::unique_ptr<generation::SequenceGuide> guide(std::vector<std::string> now, GuideFacts facts = {},
                                                   std::vector<std::string> later = {}) const {
    return make_sentence_guide(vocabulary_, std::make_shared<const GuideFacts>(std::move(facts)), {std::move(now), std::move(later)}, {});
  }
  int32_t id(std::string_view text) const {
    const auto ids = tokenizer_->encode(text);
    EXPECT_EQ(ids.size(), 1u) << text;
    return ids.front();
  }
  void push(generation::SequenceGuide& guide, std::string_view text) const {
    for (const int32_t token : tokenizer_->encode(text)) guide.push(token);
  }
  bool allows(generation::SequenceGuide& guide, int32_t token) const {
    std::vector<float> logits(static_cast<size_t>(tokenizer_->vocab_size()), 0.0f);
    guide.process(logits);
    return std::isfinite(logits[static_cast<size_t>(token)]);
  }
};

TEST_F(PlanGuideTest, ASentenceCannotEndBeforeItsPointsAreSaid) {
  auto g = guide({"蕾丝"});
  push(*g, "这款连衣裙优雅");
  EXPECT_FALSE(allows(*g, id("。")));
  push(*g, "，蕾丝面料");
  EXPECT_TRUE(allows(*g, id("。")));
  EXPECT_FALSE(g->finished());
  push(*g, "。");
  EXPECT_TRUE(g->finished());
}

TEST_F(PlanGuideTest, ACopyGoesOnByItself) {
  auto first = guide({"蕾丝"}, {.slots = {}, .banned = vocabulary_.terms().ban({false, true})});
  push(*first, "这款连衣裙优雅");
  auto second = first->clone();
  push(*first, "，蕾丝面料。");
  EXPECT_TRUE(first->finished());
  EXPECT_FALSE(second->finished());
  EXPECT_FALSE(allows(*second, id("。")));  // its point is still open
  push(*second, "，蕾丝面料");
  EXPECT_TRUE(allows(*second, id("。")));
}

TEST_F(PlanGuideTest, TheWishToEndTooEarlyBecomesAComma) {
  auto g = guide({"蕾丝"});
  push(*g, "这款连衣裙优雅");
  std::vector<float> logits(static_cast<size_t>(tokenizer_->vocab_size()), 0.0f);
  logits[static_cast<size_t>(id("。"))] = 5;
  g->process(logits);
  EXPECT_EQ(logits[static_cast<size_t>(id("，"))], 5.0f);
}

TEST_F(PlanGuideTest, ABannedTermCannotBeCompleted) {
  auto g = guide({}, {.slots = {}, .banned = vocabulary_.terms().ban({true, false})});
  push(*g, "这款");
  EXPECT_FALSE(allows(*g, id("蕾丝")));
  EXPECT_TRUE(allows(*g, id("连衣裙")));
}

TEST_F(PlanGuideTest, APointOfALaterSentenceCannotBeSaidYet) {
  auto g = guide({"蕾丝"}, {}, {"v领"});
  EXPECT_FALSE(allows(*g, id("v领")));
  EXPECT_TRUE(allows(*g, id("蕾丝")));
}

TEST_F(PlanGuideTest, ALongSentenceCanOnlySayItsOpenPoints) {
  auto g = guide({"蕾丝"});
  push(*g, "这款连衣裙优雅大方，穿着舒适，宽松的版型，修饰颈部，显得优雅大方，");
  EXPECT_TRUE(allows(*g, id("蕾丝")));
  EXPECT_FALSE(allows(*g, id("连衣裙")));
}

TEST_F(PlanGuideTest, TwoCharactersDoNotComeTwiceCloseTogether) {
  auto g = guide({});
  push(*g, "这款连衣裙的");
  EXPECT_FALSE(allows(*g, id("连衣裙")));
  push(*g, "优雅大方，穿着舒适，");
  EXPECT_TRUE(allows(*g, id("连衣裙")));
}

TEST_F(PlanGuideTest, DigitsAndControlTokensAreNeverWritten) {
  auto g = guide({});
  EXPECT_FALSE(allows(*g, id("7")));
  EXPECT_FALSE(allows(*g, *tokenizer_->token_to_id("<|group|>")));
  EXPECT_FALSE(allows(*g, format_.end_id()));
  EXPECT_TRUE(allows(*g, id("v领")));  // a value token may hold a Latin letter
}

TEST_F(PlanGuideTest, OnlySlotsOfThePromptCanBeWritten) {
  auto g = guide({"300g"}, {.slots = {{2, "300g"}}, .banned = {}});
  EXPECT_TRUE(allows(*g, format_.slot_id(2)));
  EXPECT_FALSE(allows(*g, format_.slot_id(1)));
  push(*g, "这款连衣裙优雅");
  EXPECT_FALSE(allows(*g, id("。")));
  g->push(format_.slot_id(2));
  EXPECT_TRUE(allows(*g, id("。")));
}

TEST_F(PlanGuideTest, ACodePointOfSeveralTokensIsCompletedBeforeAnythingElse) {
  const auto pieces = tokenizer_->encode("噱");
  ASSERT_GT(pieces.size(), 1u);
  auto g = guide({});
  push(*g, "这款连衣裙");
  EXPECT_TRUE(allows(*g, pieces[0]));
  EXPECT_FALSE(allows(*g, pieces[1]));
  g->push(pieces[0]);
  EXPECT_TRUE(allows(*g, pieces[1]));
  EXPECT_FALSE(allows(*g, pieces[0]));
  EXPECT_FALSE(allows(*g, id("优雅")));
  for (size_t i = 1; i < pieces.size(); ++i) g->push(pieces[i]);
  EXPECT_TRUE(allows(*g, id("优雅")));
  EXPECT_FALSE(allows(*g, pieces[1]));
}

TEST_F(PlanGuideTest, APointThatIsLateBecomesLikelier) {
  auto g = guide({"蕾丝"});
  std::vector<float> early(static_cast<size_t>(tokenizer_->vocab_size()), 0.0f), late = early;
  g->process(early);
  push(*g, "这款连衣裙优雅大方，穿着舒适，宽松的版型，修饰颈部，显得优雅大方，这款连衣裙");
  g->process(late);
  EXPECT_EQ(early[static_cast<size_t>(id("蕾丝"))], 0.0f);
  EXPECT_GT(late[static_cast<size_t>(id("蕾丝"))], 1.0f);
}

TEST(WordPieceGuideTest, TokensHaveTheTextTheyAddAndSpecialOnesAreNeverWritten) {
  const auto tokenizer = small_wordpiece_copy_tokenizer();
  const PromptFormat format(*tokenizer);
  const GuideVocabulary vocabulary(format, {});
  EXPECT_EQ(vocabulary.bytes(*tokenizer->token_to_id("##雅")), "雅");
  EXPECT_EQ(vocabulary.bytes(*tokenizer->token_to_id("连衣裙")), "连衣裙");
  EXPECT_EQ(vocabulary.comma(), tokenizer->token_to_id("，"));
  for (const char* token : {"[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<|text|>"}) {
    EXPECT_TRUE(vocabulary.is_control(*tokenizer->token_to_id(token))) << token;
  }
}

}  // namespace
}  // namespace vitrine::copywriting
