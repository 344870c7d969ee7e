#include "eval/win_rate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::eval {
namespace {

using test::message_of;

const BootstrapConfig kFew = {.resamples = 100};

Judgement says(const char* product, const char* first, Winner winner, const char* judge = "") {
  return {product, "new", "old", first, winner, judge};
}

TEST(WinRateTest, AWinIsOneATieHalfAndAProductCountsOnce) {
  // p1: a win and a tie (0.75); p2: a loss (0); p3: a tie (0.5).
  const std::vector<Judgement> judgements = {
      says("p1", "new", Winner::a), says("p1", "old", Winner::tie), says("p2", "old", Winner::b),
      says("p3", "new", Winner::tie)};
  const auto rates = win_rates(judgements, kFew);
  ASSERT_EQ(rates.size(), 1u);
  EXPECT_EQ(rates[0].system, "new");
  EXPECT_EQ(rates[0].other, "old");
  EXPECT_DOUBLE_EQ(rates[0].rate.value, 1.25 / 3);
  EXPECT_EQ(rates[0].rate.n, 3);
  EXPECT_EQ(rates[0].wins, 1);
  EXPECT_EQ(rates[0].ties, 2);
  EXPECT_EQ(rates[0].losses, 1);
}

TEST(WinRateTest, TheOrderOfNamesInARowDoesNotMatter) {
  const std::vector<Judgement> judgements = {{"p1", "new", "old", "", Winner::a},
                                             {"p2", "old", "new", "", Winner::b},
                                             {"p3", "old", "base", "", Winner::a}};
  const auto rates = win_rates(judgements, kFew);
  ASSERT_EQ(rates.size(), 2u);
  EXPECT_DOUBLE_EQ(rates[0].rate.value, 1);
  EXPECT_EQ(rates[0].wins, 2);
  EXPECT_EQ(rates[1].system, "old");
  EXPECT_EQ(rates[1].other, "base");
}

TEST(WinRateTest, TheIntervalIsOverProducts) {
  std::vector<Judgement> judgements;
  for (int i = 0; i < 400; ++i)
    judgements.push_back({concat("p", i), "new", "old", "", i % 4 == 0 ? Winner::b : Winner::a});
  const auto rate = win_rates(judgements, {})[0].rate;
  EXPECT_DOUBLE_EQ(rate.value, 0.75);
  EXPECT_NEAR(rate.interval.low, 0.75 - 1.96 * 0.02165, 0.006);  // sqrt(0.75 * 0.25 / 400)
  EXPECT_NEAR(rate.interval.high, 0.75 + 1.96 * 0.02165, 0.006);
}

TEST(PositionBiasTest, AJudgeWhoAlwaysTakesTheFirstIsSeen) {
  const std::vector<Judgement> judgements = {
      says("p1", "new", Winner::a), says("p1", "old", Winner::b), says("p2", "old", Winner::b)};
  const auto bias = position_bias(judgements, kFew);
  EXPECT_DOUBLE_EQ(bias.first_wins.value, 1);
  EXPECT_EQ(bias.asked_both, 1);
  EXPECT_DOUBLE_EQ(bias.disagreement.value, 1);
}

TEST(PositionBiasTest, OnlyAnswersOfOneJudgeAreCompared) {
  const std::vector<Judgement> judgements = {
      says("p1", "new", Winner::a, "x"), says("p1", "old", Winner::a, "x"),
      says("p1", "old", Winner::b, "y"), says("p2", "new", Winner::a, "x"),
      says("p2", "old", Winner::tie, "x")};
  const auto bias = position_bias(judgements, kFew);
  EXPECT_EQ(bias.asked_both, 2);
  EXPECT_DOUBLE_EQ(bias.disagreement.value,
                   0.5);  // p1 agrees; p2 named a system once and none the other time
  // First wins: p1 1, 0, 1; p2 1, 0.5.
  EXPECT_DOUBLE_EQ(bias.first_wins.value, (2.0 / 3 + 0.75) / 2);
}

TEST(PositionBiasTest, AnswersWithoutAnOrderAreLeftOut) {
  const std::vector<Judgement> judgements = {says("p1", "", Winner::a)};
  const auto bias = position_bias(judgements, kFew);
  EXPECT_TRUE(std::isnan(bias.first_wins.value));
  EXPECT_EQ(bias.asked_both, 0);
  EXPECT_TRUE(std::isnan(bias.disagreement.value));
}

TEST(WinRateTest, JudgementsThatContradictThemselvesAreRefused) {
  const std::vector<Judgement> itself = {{"p1", "new", "new", "", Winner::a}},
                               stranger = {{"p1", "new", "old", "base", Winner::a}};
  EXPECT_NE(message_of<InvalidInput>([&] { win_rates(itself, kFew); }).find("new against itself"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidInput>([&] {
              position_bias(stranger, kFew);
            }).find("shown_first: expected new or old, got base"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidInput>([&] {
              winner_from("left", "f row 2");
            }).find("f row 2: winner: expected a, b or tie, got left"),
            std::string::npos);
}

TEST(ScoringJudgeTest, TheHigherScoreWins) {
  const std::vector<std::string> products = {"p1", "p2", "p3"};
  const std::vector<double> a = {1, 2, 3}, b = {0, 2, 4};
  const auto judgements = judgements_of_scores(products, "new", a, "old", b);
  EXPECT_EQ(judgements[0].winner, Winner::a);
  EXPECT_EQ(judgements[1].winner, Winner::tie);
  EXPECT_EQ(judgements[2].winner, Winner::b);
  const std::vector<double> nan = {0, NAN, 1};
  EXPECT_NE(message_of<InvalidInput>([&] {
              judgements_of_scores(products, "new", nan, "old", b);
            }).find("new, product p2"),
            std::string::npos);
  EXPECT_THROW(judgements_of_scores(products, "new", std::vector<double>{1}, "old", b),
               InvalidInput);
}

TEST(ComparisonsTest, EachIsComparedWithTheOneBeforeThenWithTheFirst) {
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  EXPECT_EQ(comparisons(2), (Pairs{{1, 0}}));
  EXPECT_EQ(comparisons(4), (Pairs{{1, 0}, {2, 1}, {3, 2}, {2, 0}, {3, 0}}));
}

}  // namespace
}  // namespace vitrine::eval
