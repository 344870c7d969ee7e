#include "recipes/round_order.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "data/advertisegen.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

data::Product product(const std::string& id, const std::string& content) {
  data::Product result = data::product_from_content(content);
  result.id = id;
  return result;
}

Sample sample(const std::string& text, bool may_leave = true) {
  Sample result;
  result.text = text;
  result.tokens = 10;
  result.logprob = -30;
  result.may_leave = may_leave;
  return result;
}

class RoundOrderTest : public ::testing::Test {
 protected:
  std::vector<data::Product> products_{product("a", "类型#裙*材质#蕾丝*风格#简约")};
  std::vector<SampledProduct> sampled_{{"a", {sample("简约的裙子很好看。"), sample("蕾丝的裙子，简约大方。"), sample("蕾丝裙，简约，特别好。", /*may_leave=*/false), sample("简约的裙子很好看。")}}};
  copywriting::ValueFrequencies frequencies_;
  OrderingConfig config_;

  void SetUp() override {
    for (int i = 0; i < 3; ++i) frequencies_.add(data::product_from_content("类型#裙*风格#简约"));
    frequencies_.add(products_[0]);
  }
  std::vector<OrderedProduct> ordered(const RankTexts& rank = nullptr) const {
    return order_samples(products_, sampled_, {}, {frequencies_, 12, rank}, config_);
  }
  static RankTexts scores(std::vector<double> values) {
    return [values](const data::Product&, const std::vector<std::string>& texts) { return std::vector<double>(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(texts.size())); };
  }
};

TEST_F(RoundOrderTest, TheTextWithTheDistinctivePointComesFirstAndOneThatMustNotLeaveLast) {
  const auto order = ordered();
  ASSERT_EQ(order[0].samples.size(), 3u);  // equal texts stay once
  EXPECT_EQ(order[0].samples[0].sample.text, "蕾丝的裙子，简约大方。");
  EXPECT_TRUE(order[0].samples[0].parts.point_first);
  EXPECT_EQ(order[0].samples[2].sample.text, "蕾丝裙，简约，特别好。");
}

TEST_F(RoundOrderTest, WithoutRulesTheRankingModelDecidesButTheChecksStayFirst) {
  config_.use_rules = false;
  const auto order = ordered(scores({5, -5, 50}));
  EXPECT_EQ(order[0].samples[0].sample.text, "简约的裙子很好看。");
  EXPECT_FALSE(order[0].samples[2].parts.may_leave);
}

TEST_F(RoundOrderTest, AScoreThatIsNoNumberIsRefusedAndNamed) {
  try {
    ordered(scores({1, std::numeric_limits<double>::quiet_NaN(), 2}));
    FAIL();
  } catch (const InvalidInput& e) {
    EXPECT_NE(std::string(e.what()).find("a, text 1: the ranking model's score is nan"), std::string::npos) << e.what();
  }
}

TEST_F(RoundOrderTest, ContendersAreTheBestByTheRulesThatMayLeave) {
  const auto best = [&](int count) { return contenders(products_, sampled_, {frequencies_, 12}, config_.reward, count)[0]; };
  EXPECT_EQ(best(1), (std::vector<size_t>{1}));
  EXPECT_EQ(best(8), (std::vector<size_t>{1, 0}));  // the third must not leave, the fourth is the first again
}

TEST_F(RoundOrderTest, ATextThatWasNotReadIsAsFluentAsTheOthersOnAverageAndStaysBehind) {
  const std::vector<std::vector<TextFluency>> fluency = {{{10, -20}, {}, {10, -40}, {}}};
  std::vector<std::string> asked;
  const RankTexts rank = [&](const data::Product&, const std::vector<std::string>& texts) {
    asked = texts;
    return std::vector<double>(texts.size(), 7);
  };
  const auto order = order_samples(products_, sampled_, fluency, {frequencies_, 12, rank}, config_)[0];
  ASSERT_EQ(order.samples[1].sample.text, "蕾丝的裙子，简约大方。") << "behind the one that was read";
  EXPECT_DOUBLE_EQ(order.samples[0].parts.fluency, -2);
  EXPECT_DOUBLE_EQ(order.samples[1].parts.fluency, -3);
  EXPECT_FALSE(order.samples[1].is_read);
  EXPECT_EQ(asked, (std::vector<std::string>{"简约的裙子很好看。", "蕾丝裙，简约，特别好。"}));  // only what was read
  EXPECT_EQ(order.samples[0].ranker, 7);
  EXPECT_FALSE(order.samples[1].ranker);
}

TEST_F(RoundOrderTest, SamplesOfOtherProductsAreRefused) {
  sampled_[0].product_id = "b";
  EXPECT_THROW(ordered(), InvalidInput);
  sampled_.clear();
  EXPECT_THROW(ordered(), InvalidInput);
}

TEST_F(RoundOrderTest, NoWeightBringsATextThatMustNotLeaveForward) {
  config_.rules_weight = config_.ranker_weight = 1000;
  const auto order = ordered(scores({-500, -500, 500}))[0];
  EXPECT_FALSE(order.samples[2].parts.may_leave);
  EXPECT_LT(order.samples[2].reward, order.samples[1].reward);
}

TEST_F(RoundOrderTest, SomethingMustHaveASay) {
  config_.use_rules = config_.use_ranker = false;
  EXPECT_THROW(ordered(), UsageError);
}

TEST_F(RoundOrderTest, LinesAreReadBackAsTheyWere) {
  test::TemporaryDirectory directory;
  const auto order = ordered(scores({0.5, 1.5, 2.5}));
  const auto path = directory.path() / "ordered.jsonl";
  write_file_atomic(path, ordered_jsonl(order));
  EXPECT_EQ(ordered_jsonl(read_ordered(path)), ordered_jsonl(order));
  EXPECT_NE(ordered_jsonl(order).find("\"is_read\":true"), std::string::npos);
}

TEST_F(RoundOrderTest, DisagreementCountsPairsThatMayLeave) {
  EXPECT_TRUE(std::isnan(disagreement_of(ordered())));  // no ranking model
  EXPECT_DOUBLE_EQ(disagreement_of(ordered(scores({1, 2, 9}))), 0);  // rules put the second text first as well
  EXPECT_DOUBLE_EQ(disagreement_of(ordered(scores({2, 1, 9}))), 1);
}

}  // namespace
}  // namespace vitrine::recipes
