#include "copywriting/prompt.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "unit/copywriting/copy_vocabulary.h"

namespace vitrine::copywriting {
namespace {

class PromptTest : public ::testing::Test {
 protected:
  std::unique_ptr<text::Tokenizer> tokenizer_ = small_copy_tokenizer();
  PromptFormat format_{*tokenizer_};

  std::string spelled(const Prompt& prompt) const {
    std::string text = tokenizer_->decode(prompt.header);
    for (const auto& group : prompt.groups) text += tokenizer_->decode(group);
    return text;
  }
};

TEST_F(PromptTest, ThePromptStatesTheFieldsAndOneGroupASentence) {
  const PromptPlan plan{.category = "裙", .style = "taobao", .audience = "women", .length = 100,
                        .groups = {{{"裙长", "连衣裙"}, {"材质", "蕾丝"}}, {{"裙领型", "v领"}}}};
  EXPECT_EQ(spelled(format_.encode(plan)),
            "<|endoftext|>裙<|style:taobao|><|audience:women|><|len:6|><|group|><|key:裙长|>连衣裙<|key:材质|>蕾丝<|text|>"
            "<|group|><|key:裙领型|>v领<|text|>");
}

TEST_F(PromptTest, ValuesOutsideTheVocabularyNumbersAndNamesAreSlots) {
  const PromptPlan plan{.category = "裙", .style = "taobao", .audience = "", .length = 110, .groups = {{{"材质", "天丝麻"}, {"克重", "300g"}, {"品牌", "Marisfrolg"}}}};
  const Prompt prompt = format_.encode(plan);
  EXPECT_EQ(prompt.slots, (std::map<int, std::string>{{0, "天丝麻"}, {1, "300g"}, {2, "Marisfrolg"}}));
  EXPECT_NE(spelled(prompt).find("<|key:材质|><|slot:0|><|key|><|slot:1|><|key:品牌|><|slot:2|>"), std::string::npos);
}

TEST_F(PromptTest, ACopyWithSlotsComesBackWithItsValues) {
  const std::map<int, std::string> slots{{3, "天丝麻"}};
  const std::string copy = "这款连衣裙采用天丝麻面料，天丝麻很优雅。";
  const auto ids = format_.encode_sentence(copy, slots);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), format_.slot_id(3)), 2);
  EXPECT_EQ(format_.decode_copy(ids, slots), copy);
}

TEST_F(PromptTest, GroupsAreLeftOutOfTheText) {
  auto ids = tokenizer_->encode("优雅。");
  for (const int32_t id : format_.empty_group()) ids.push_back(id);
  for (const int32_t id : tokenizer_->encode("宽松。<|endoftext|>")) ids.push_back(id);
  EXPECT_EQ(format_.decode_copy(ids, {}), "优雅。宽松。");
}

TEST(WordPiecePromptTest, TheCopyHasNoSpacesAndNoSpecialTokens) {
  const auto tokenizer = small_wordpiece_copy_tokenizer();
  const PromptFormat format(*tokenizer);
  auto ids = format.encode_sentence("这款连衣裙采用天丝麻面料，优雅。", {{2, "天丝麻"}});
  for (const char* token : {"[UNK]", "[CLS]", "[PAD]", "[unused1]", "<|endoftext|>"}) ids.push_back(*tokenizer->token_to_id(token));
  EXPECT_EQ(format.decode_copy(ids, {{2, "天丝麻"}}), "这款连衣裙采用天丝麻面料，优雅。");
}

TEST(WordPiecePromptTest, ACharacterOutsideTheVocabularyIsASlot) {
  const auto tokenizer = small_wordpiece_copy_tokenizer();
  const PromptFormat format(*tokenizer);
  EXPECT_EQ(format.value_token("雅"), tokenizer->token_to_id("雅"));
  EXPECT_FALSE(format.value_token("棉"));
}

TEST_F(PromptTest, MoreOddValuesThanSlotsAreRefusedByName) {
  PromptPlan plan{.category = "裙", .style = "taobao", .audience = "", .length = 110, .groups = {{}}};
  for (int i = 0; i <= kNumSlots; ++i) plan.groups[0].push_back({"尺寸", concat(i + 100, "cm")});
  EXPECT_THROW(format_.encode(plan), InvalidInput);
}

TEST_F(PromptTest, AudienceIsToldByTheWordsOfATextAndOnlyWhenTheyAgree) {
  EXPECT_EQ(audience_of("适合都市女性"), "women");
  EXPECT_EQ(audience_of("男士必备"), "men");
  EXPECT_EQ(audience_of("男士女士都能穿"), "");
}

}  // namespace
}  // namespace vitrine::copywriting
