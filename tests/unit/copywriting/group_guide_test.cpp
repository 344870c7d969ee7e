#include "copywriting/group_guide.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "unit/copywriting/copy_vocabulary.h"

namespace vitrine::copywriting {
namespace {

class GroupGuideTest : public ::testing::Test {
 protected:
  std::unique_ptr<text::Tokenizer> tokenizer_ = small_copy_tokenizer();
  PromptFormat format_{*tokenizer_};
  PromptPlan plan_ = dress();
  Prompt prompt_ = format_.encode(plan_);
  std::vector<PointTokens> open_;

  static PromptPlan dress() {
    PromptPlan plan;
    plan.category = "裙";
    plan.groups = {{{"材质", "蕾丝"}, {"裙领型", "v领"}, {"裙长", "连衣裙"}}};
    return plan;
  }
  void SetUp() override {
    for (const auto& point : plan_.groups.front()) open_.push_back(point_tokens(format_, point, prompt_));
  }
  std::set<int32_t> allowed(generation::SequenceGuide& guide) const {
    std::vector<float> logits(static_cast<size_t>(tokenizer_->vocab_size()), 0.5f);
    guide.process(logits);
    std::set<int32_t> tokens;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (std::isfinite(logits[i])) tokens.insert(static_cast<int32_t>(i));
    }
    return tokens;
  }
};

TEST_F(GroupGuideTest, OnlyOpenPointsCanBeChosenEachOnceThenTheTextBegins) {
  const auto guide = make_group_guide(format_, open_, /*may_be_empty=*/false);
  EXPECT_EQ(allowed(*guide), (std::set<int32_t>{open_[0].key, open_[1].key, open_[2].key}));
  guide->push(open_[1].key);
  EXPECT_EQ(allowed(*guide), (std::set<int32_t>{open_[1].value}));
  guide->push(open_[1].value);
  EXPECT_EQ(allowed(*guide), (std::set<int32_t>{open_[0].key, open_[2].key, format_.text_id()}));
  EXPECT_FALSE(guide->finished());
  guide->push(format_.text_id());
  EXPECT_TRUE(guide->finished());
}

TEST_F(GroupGuideTest, AGroupMayBeEmptyWhereThatIsAllowedOrNothingIsOpen) {
  EXPECT_TRUE(allowed(*make_group_guide(format_, open_, true)).contains(format_.text_id()));
  EXPECT_EQ(allowed(*make_group_guide(format_, {}, false)), (std::set<int32_t>{format_.text_id()}));
}

TEST_F(GroupGuideTest, ASentenceSaysAtMostSoManyPoints) {
  std::vector<PointTokens> many;
  for (int i = 0; i < kMostPointsOfSentence + 2; ++i) many.push_back({open_[0].key, i});
  const auto guide = make_group_guide(format_, many, true);
  for (int i = 0; i < kMostPointsOfSentence; ++i) {
    guide->push(open_[0].key);
    guide->push(i);
  }
  EXPECT_EQ(allowed(*guide), (std::set<int32_t>{format_.text_id()}));
}

TEST_F(GroupGuideTest, TheTokensTellWhichPointsWereChosen) {
  const std::vector<int32_t> tokens = {open_[2].key, open_[2].value, open_[0].key, open_[0].value, format_.text_id()};
  EXPECT_EQ(chosen_points(open_, tokens), (std::vector<size_t>{2, 0}));
  EXPECT_EQ(chosen_points(open_, std::vector<int32_t>{format_.text_id()}), std::vector<size_t>{});
}

}  // namespace
}  // namespace vitrine::copywriting
