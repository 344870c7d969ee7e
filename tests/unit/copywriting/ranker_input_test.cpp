#include "copywriting/ranker_input.h"

#include <gtest/gtest.h>

#include "data/advertisegen.h"
#include "unit/copywriting/copy_vocabulary.h"

namespace vitrine::copywriting {
namespace {

class RankerInputTest : public ::testing::Test {
 protected:
  std::unique_ptr<text::Tokenizer> tokenizer_ = small_copy_tokenizer();
  PromptFormat format_{*tokenizer_};
  data::AttributeStatistics statistics_;
  std::string spelled(const std::string& content, const std::string& text) const {
    return tokenizer_->decode(ranker_input(format_, statistics_, data::product_from_content(content), text));
  }
};

TEST_F(RankerInputTest, ThePointsStandBehindTheTextAndNowhereElse) {
  EXPECT_EQ(spelled("类型#裙*材质#蕾丝*裙领型#v领", "蕾丝的连衣裙。v领设计。"),
            "<|endoftext|>裙<|style:taobao|><|len:6|><|group|><|text|>蕾丝的连衣裙。"
            "<|group|><|text|>v领设计。<|group|><|key:材质|>蕾丝<|len:0|><|key:裙领型|>v领<|len:0|><|key|><|len:0|><|text|>");
}

TEST_F(RankerInputTest, AValueComesOnceAndKeysThatTheModelHasNotLearnedAreLeftOut) {
  EXPECT_EQ(spelled("类型#裙*材质#蕾丝*材质#蕾丝*产地#杭州", "蕾丝。"), spelled("类型#裙*材质#蕾丝", "蕾丝。"));
}

TEST_F(RankerInputTest, AMarkSaysWhereAValueIsSaidAndWhereNot) {
  EXPECT_TRUE(spelled("类型#裙*材质#蕾丝*裙领型#v领", "这条连衣裙搭配蕾丝。").ends_with("蕾丝<|len:0|><|key:裙领型|>v领<|endoftext|><|key|><|len:0|><|text|>"));
  EXPECT_TRUE(spelled("类型#裙*材质#蕾丝", "这条连衣裙采用了精致的设计，搭配的是蕾丝。").ends_with("蕾丝<|len:1|><|key|><|len:0|><|text|>"));
  EXPECT_TRUE(spelled("类型#裙*裙领型#v领", "V 领的裙。").ends_with("v领<|len:0|><|key|><|len:0|><|text|>")) << "folded, without spaces";
}

TEST_F(RankerInputTest, RepetitionIsCountedBehindThePoints) {
  EXPECT_TRUE(spelled("类型#裙*材质#蕾丝", "精致的蕾丝，精致的蕾丝。").ends_with("<|key|><|len:2|><|text|>"));
}

TEST_F(RankerInputTest, ThePointThatTheFewestProductsCarryComesFirst) {
  for (const char* content : {"类型#裙*材质#蕾丝*裙领型#v领", "类型#裙*材质#蕾丝"}) statistics_.add(data::product_from_content(content));
  EXPECT_TRUE(spelled("类型#裙*材质#蕾丝*裙领型#v领", "裙。").ends_with("<|key:裙领型|>v领<|endoftext|><|key:材质|>蕾丝<|endoftext|><|key|><|len:0|><|text|>"));
}

TEST_F(RankerInputTest, TheLastTokenIsTheSameForEveryText) {
  const auto product = data::product_from_content("类型#裙*材质#蕾丝");
  EXPECT_EQ(ranker_input(format_, {}, product, "蕾丝的裙。").back(), ranker_input(format_, {}, product, "裙").back());
}

}  // namespace
}  // namespace vitrine::copywriting
