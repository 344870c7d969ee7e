#include "recipes/evaluate_gate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProducts = 40;
const eval::BootstrapConfig kDraws{.resamples = 500, .seed = 1};

/// Texts that share no 4-gram, so that distinct-4 is 1.
GateText text_of(size_t product, double coverage = 0.8) {
  GateText text;
  for (int i = 0; i < 12; ++i) {
    const auto code = static_cast<uint32_t>(0x4e00 + product * 12 + static_cast<size_t>(i));
    text.text += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
  }
  text.coverage = coverage;
  return text;
}

struct Compared {
  std::vector<GateText> before, after;
  std::vector<double> old_scores = std::vector<double>(kProducts, 0.0), new_scores = std::vector<double>(kProducts, 1.0);

  Compared() {
    for (size_t i = 0; i < kProducts; ++i) {
      before.push_back(text_of(i));
      after.push_back(text_of(i));
    }
  }
  std::vector<GateRow> rows() const { return gate_rows(before, after, old_scores, new_scores, kDraws); }
  /// The criteria that failed, in their order.
  std::string failed() const {
    std::string names;
    for (const GateRow& row : rows()) names += row.passed ? "" : row.metric + " ";
    return names;
  }
};

TEST(EvaluateGateTest, AModelThatIsPreferredAndNotWorsePasses) {
  const Compared compared;
  const auto rows = compared.rows();
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_TRUE(gate_passed(rows)) << compared.failed();
  EXPECT_EQ(rows[0].metric, "win_rate");
  EXPECT_EQ(rows[0].after.value, 1);
  EXPECT_EQ(rows[0].after.n, static_cast<int64_t>(kProducts));
  EXPECT_FALSE(rows[0].before);
  EXPECT_EQ(rows[4].after.value, 1);  // distinct-4
  EXPECT_EQ(rows[4].difference->interval.low, 0);
}

TEST(EvaluateGateTest, EqualTextsAreTiesAndDoNotPass) {
  Compared compared;
  compared.new_scores = compared.old_scores;
  EXPECT_EQ(compared.rows()[0].after.value, 0.5);
  EXPECT_EQ(compared.failed(), "win_rate ");
}

TEST(EvaluateGateTest, AWinRateWhoseIntervalReachesHalfDoesNotPass) {
  Compared compared;
  for (size_t i = 0; i < 18; ++i) compared.new_scores[i] = -1;  // 22 of 40 won
  EXPECT_GT(compared.rows()[0].after.value, 0.5);
  EXPECT_EQ(compared.failed(), "win_rate ");
}

TEST(EvaluateGateTest, AProductWithoutATextIsLost) {
  Compared compared;
  for (size_t i = 0; i < 30; ++i) compared.new_scores[i] = std::nan("");
  EXPECT_EQ(compared.rows()[0].after.value, 0.25);
  for (size_t i = 0; i < 30; ++i) compared.old_scores[i] = std::nan("");  // neither has one: left out
  EXPECT_EQ(compared.rows()[0].after.n, 10);
  EXPECT_EQ(compared.rows()[0].after.value, 1);
  compared.old_scores = compared.new_scores = std::vector<double>(kProducts, std::nan(""));
  EXPECT_THROW(compared.rows(), InvalidInput);
}

TEST(EvaluateGateTest, OneBannedTextIsTooMany) {
  Compared compared;
  for (GateText& text : compared.before) text.banned = true;  // the old model's fault is no excuse
  compared.after[3].banned = true;
  EXPECT_EQ(compared.failed(), "banned ");
}

TEST(EvaluateGateTest, WorseBeyondTheIntervalOfTheDifferenceFails) {
  Compared compared;
  for (size_t i = 0; i < 10; ++i) compared.after[i].unsupported = true;
  EXPECT_EQ(compared.failed(), "unsupported ");
  compared = Compared();
  for (GateText& text : compared.after) text.coverage = 0.7;
  EXPECT_EQ(compared.failed(), "coverage ");
  compared = Compared();
  for (size_t i = 1; i < kProducts; ++i) compared.after[i].text = compared.after[0].text;
  EXPECT_EQ(compared.failed(), "distinct_4 ");
}

TEST(EvaluateGateTest, AsBadWithinTheIntervalPasses) {
  Compared compared;
  compared.after[0].unsupported = true;
  for (size_t i = 0; i < kProducts; ++i) compared.after[i].coverage = i % 2 == 0 ? 0.7 : 0.89;
  EXPECT_EQ(compared.failed(), "");
  EXPECT_LT(compared.rows()[3].difference->value, 0);
}

}  // namespace
}  // namespace vitrine::recipes
