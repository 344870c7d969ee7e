#include "copywriting/training_set.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "unit/copywriting/copy_vocabulary.h"

namespace vitrine::copywriting {
namespace {

data::Product product(const std::string& summary, std::initializer_list<std::pair<const char*, const char*>> pairs) {
  data::Product result;
  result.summary = summary;
  for (const auto& [key, value] : pairs) {
    data::Attribute attribute;
    attribute.key = attribute.key_raw = key;
    attribute.val = attribute.val_raw = value;
    result.attributes.push_back(attribute);
  }
  return result;
}

class TrainingSetTest : public ::testing::Test {
 protected:
  std::vector<data::Product> products_{
      product("这款连衣裙采用蕾丝面料。v领设计显得优雅。穿着舒适。", {{"类型", "裙"}, {"裙长", "连衣裙"}, {"材质", "蕾丝"}, {"裙领型", "v领"}}),
      product("优雅的连衣裙。宽松的版型。", {{"类型", "裙"}, {"裙长", "连衣裙"}, {"版型", "宽松"}})};
  std::unique_ptr<text::Tokenizer> tokenizer_ = small_copy_tokenizer();
  PromptFormat format_{*tokenizer_};

  CopyTrainingSet set(AugmentConfig config) const { return {align_products(products_, {}), format_, config}; }
  std::string spelled(const TrainingSequence& s) const { return tokenizer_->decode(s.input_ids); }
};

TEST_F(TrainingSetTest, EachSentenceFollowsItsPointsAndOnlySentencesAndTheEndArePredicted) {
  const auto sequences = set({}).plain();
  ASSERT_EQ(sequences.size(), 2u);
  const auto& s = sequences[0];
  EXPECT_EQ(spelled(s),
            "<|endoftext|>裙<|style:taobao|><|len:1|><|group|><|key:裙长|>连衣裙<|key:材质|>蕾丝<|text|>这款连衣裙采用蕾丝面料。"
            "<|group|><|key:裙领型|>v领<|text|>v领设计显得优雅。<|group|><|text|>穿着舒适。<|endoftext|>");
  std::vector<int32_t> predicted;
  for (size_t i = 0; i < s.input_ids.size(); ++i) {
    if (s.predicted[i]) predicted.push_back(s.input_ids[i]);
  }
  EXPECT_EQ(tokenizer_->decode(predicted), "这款连衣裙采用蕾丝面料。v领设计显得优雅。穿着舒适。<|endoftext|>");
}

TEST_F(TrainingSetTest, TheSameKeyGivesTheSameSequencesAndAnotherKeyOthers) {
  const auto augmented = set({.mix_sentences = 0.5, .drop_sentence = 0.5, .shuffle_points = 0.5, .slot_values = 0.5});
  std::set<std::string> seen;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    const auto a = augmented.augmented(RandomKey(epoch)), b = augmented.augmented(RandomKey(epoch));
    ASSERT_EQ(a.size(), 2u);
    EXPECT_EQ(a[0].input_ids, b[0].input_ids);
    seen.insert(spelled(a[0]));
  }
  EXPECT_GT(seen.size(), 5u);
}

TEST_F(TrainingSetTest, ADroppedSentenceTakesItsPointsWithIt) {
  const auto augmented = set({.mix_sentences = 0, .drop_sentence = 1, .shuffle_points = 0, .slot_values = 0});
  for (uint64_t epoch = 0; epoch < 10; ++epoch) {
    const std::string text = spelled(augmented.augmented(RandomKey(epoch))[0]);
    const bool in_prompt = text.find("<|key:裙领型|>v领") != std::string::npos;
    const bool in_copy = text.find("v领设计") != std::string::npos;
    EXPECT_EQ(in_prompt, in_copy) << text;
  }
}

TEST_F(TrainingSetTest, ASlotStandsInPromptAndCopyAlike) {
  const auto augmented = set({.mix_sentences = 0, .drop_sentence = 0, .shuffle_points = 0, .slot_values = 1});
  const std::string text = spelled(augmented.augmented(RandomKey(1))[0]);
  const size_t first = text.find("<|slot:");
  ASSERT_NE(first, std::string::npos);
  const std::string slot = text.substr(first, text.find("|>", first) + 2 - first);
  EXPECT_NE(text.rfind(slot), first) << text;
}

TEST_F(TrainingSetTest, ValueTokensLeaveOutNumbersRareValuesAndSingleSigns) {
  auto products = products_;
  products.push_back(product("x", {{"类型", "裙"}, {"克重", "300g"}, {"裙长", "连衣裙"}}));
  EXPECT_EQ(value_tokens(products, 2), (std::vector<std::string>{"连衣裙"}));
  EXPECT_EQ(value_tokens(products, 1), (std::vector<std::string>{"v领", "宽松", "蕾丝", "连衣裙"}));
}

TEST_F(TrainingSetTest, AnOpenPlanListsThePointsAndEachSentenceStandsBehindWhatItSaysOfThem) {
  const auto documents = align_products(products_, {});
  const auto s = open_sequence(format_, documents[0], {{"裙领型", "v领"}, {"材质", "蕾丝"}}, 110);
  EXPECT_EQ(spelled(s),
            "<|endoftext|>裙<|style:taobao|><|len:6|><|group|><|key:裙领型|>v领<|key:材质|>蕾丝<|group|><|key:材质|>蕾丝<|text|>这款连衣裙采用蕾丝面料。"
            "<|group|><|key:裙领型|>v领<|text|>v领设计显得优雅。<|group|><|text|>穿着舒适。<|endoftext|>");
}

TEST_F(TrainingSetTest, TheGroupsAfterAnOpenPlanArePredictedAndOnRequestNot) {
  const auto documents = align_products(products_, {});
  const auto predicted = [&](bool groups) {
    const auto s = open_sequence(format_, documents[0], points_said(documents[0]), 110, {}, groups);
    std::vector<int32_t> ids;
    for (size_t i = 0; i < s.input_ids.size(); ++i) {
      if (s.predicted[i]) ids.push_back(s.input_ids[i]);
    }
    return tokenizer_->decode(ids);
  };
  EXPECT_EQ(predicted(true), "<|key:裙长|>连衣裙<|key:材质|>蕾丝<|text|>这款连衣裙采用蕾丝面料。<|key:裙领型|>v领<|text|>v领设计显得优雅。<|text|>穿着舒适。<|endoftext|>");
  EXPECT_EQ(predicted(false), "这款连衣裙采用蕾丝面料。v领设计显得优雅。穿着舒适。<|endoftext|>");
}

TEST_F(TrainingSetTest, WithOpenPlansTheValidationHoldsBothForms) {
  const auto both = set({.open_plan = 0.5});
  EXPECT_EQ(both.plain().size(), 4u);
  EXPECT_EQ(both.num_code_points(), 2 * set({}).num_code_points());
  int open = 0;
  for (uint64_t epoch = 0; epoch < 40; ++epoch) {
    for (const auto& s : both.augmented(RandomKey(epoch))) open += spelled(s).find("<|group|><|text|>") != std::string::npos;
  }
  EXPECT_GT(open, 20);  // of 80; planned sequences have an empty group only where a sentence says nothing
}

TEST_F(TrainingSetTest, ARowTrainsTheControlTokenOfItsStyle) {
  products_[1].extra["style"] = "jd";
  const auto sequences = set({}).plain();
  EXPECT_NE(spelled(sequences[0]).find("<|style:taobao|>"), std::string::npos);
  EXPECT_NE(spelled(sequences[1]).find("<|style:jd|>"), std::string::npos);
}

TEST_F(TrainingSetTest, SentencesAreNotMixedAcrossStyles) {
  products_[1].extra["style"] = "jd";
  const auto augmented = set({.mix_sentences = 1, .drop_sentence = 0, .shuffle_points = 0, .slot_values = 0});
  for (uint64_t epoch = 0; epoch < 10; ++epoch) EXPECT_EQ(spelled(augmented.augmented(RandomKey(epoch))[1]).find("穿着舒适"), std::string::npos);
}

TEST_F(TrainingSetTest, AnUnknownStyleOfARowIsRefusedInOneLine) {
  products_[1].id = "p2";
  for (const Json& style : {Json("weibo"), Json(3), Json("")}) {
    products_[1].extra["style"] = style;
    try {
      align_products(products_, {});
      FAIL() << style;
    } catch (const InvalidInput& e) {
      const std::string message = e.what();
      EXPECT_NE(message.find("product p2"), std::string::npos) << message;
      EXPECT_NE(message.find("expected taobao, douyin, xiaohongshu or jd, got " + style.dump()), std::string::npos) << message;
    }
  }
}

}  // namespace
}  // namespace vitrine::copywriting
