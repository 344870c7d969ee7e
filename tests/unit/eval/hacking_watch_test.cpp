#include "eval/hacking_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/baseline_rankers.h"
#include "support/temporary_directory.h"

namespace vitrine::eval {
namespace {

using test::message_of;

RoundNumbers sft() {
  return {.name = "sft",
          .texts = 100,
          .mean_length = 100,
          .repetition_4 = 0.25,
          .distinct_4 = 0.5,
          .kl_to_sft = 0,
          .unsupported = 0.125,
          .banned = 0.0625,
          .disagreement = 0.25};
}

/// Names of the alarms when one number of the round is changed; thresholds are sums and products
/// without rounding.
std::vector<std::string> raised(double RoundNumbers::* number, double value) {
  const HackingWatchConfig config = {.max_length_ratio = 1.25,
                                     .min_length_ratio = 0.75,
                                     .max_repetition_rise = 0.125,
                                     .min_distinct_ratio = 0.75,
                                     .max_kl_per_token = 0.5,
                                     .max_unsupported_rise = 0.0625,
                                     .max_banned_rise = 0.03125,
                                     .max_disagreement = 0.375};
  RoundNumbers now = sft();
  now.name = "round-1";
  now.*number = value;
  std::vector<std::string> names;
  for (const auto& alarm : alarms(sft(), now, config)) {
    EXPECT_EQ(alarm.value, value);
    names.push_back(alarm.name);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(HackingWatchTest, EachThresholdIsFreeAtItsLimitAndRaisedBeyond) {
  EXPECT_EQ(raised(&RoundNumbers::mean_length, 125), Names{});
  EXPECT_EQ(raised(&RoundNumbers::mean_length, 125.5), Names{"mean_length"});
  EXPECT_EQ(raised(&RoundNumbers::mean_length, 75), Names{});
  EXPECT_EQ(raised(&RoundNumbers::mean_length, 74.5), Names{"mean_length"});
  EXPECT_EQ(raised(&RoundNumbers::repetition_4, 0.375), Names{});
  EXPECT_EQ(raised(&RoundNumbers::repetition_4, 0.38), Names{"repetition_4"});
  EXPECT_EQ(raised(&RoundNumbers::distinct_4, 0.375), Names{});
  EXPECT_EQ(raised(&RoundNumbers::distinct_4, 0.37), Names{"distinct_4"});
  EXPECT_EQ(raised(&RoundNumbers::kl_to_sft, 0.5), Names{});
  EXPECT_EQ(raised(&RoundNumbers::kl_to_sft, 0.51), Names{"kl_to_sft"});
  EXPECT_EQ(raised(&RoundNumbers::unsupported, 0.1875), Names{});
  EXPECT_EQ(raised(&RoundNumbers::unsupported, 0.19), Names{"unsupported"});
  EXPECT_EQ(raised(&RoundNumbers::banned, 0.09375), Names{});
  EXPECT_EQ(raised(&RoundNumbers::banned, 0.1), Names{"banned"});
  EXPECT_EQ(raised(&RoundNumbers::disagreement, 0.375), Names{});
  EXPECT_EQ(raised(&RoundNumbers::disagreement, 0.4), Names{"disagreement"});
}

TEST(HackingWatchTest, AnAlarmNamesRoundValueAndLimitInBothLanguages) {
  RoundNumbers now = sft();
  now.name = "round-2";
  now.mean_length = 160;
  const auto found = alarms(sft(), now, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].limit, 125);
  EXPECT_EQ(found[0].zh, "round-2：平均长度 160，高于上限 125");
  EXPECT_EQ(found[0].en, "round-2: mean length 160 is above the limit 125");
}

TEST(HackingWatchTest, APlantedRankingThatLovesLengthRaisesTheLengthAlarm) {
  // Eight candidates for each of 20 products, 60 to 130 code points; SFT takes the first that
  // comes.
  std::vector<std::string> drawn, longest, shortest;
  for (int p = 0; p < 20; ++p) {
    std::vector<std::string> candidates;
    for (int c = 0; c < 8; ++c) {
      auto& text = candidates.emplace_back();
      for (int i = 0; i < 60 + 10 * ((c + p) % 8); ++i)
        text += static_cast<char>('a' + (i * i + 7 * i * p + c) % 26);
    }
    drawn.push_back(candidates[0]);
    const auto by_length = [](const auto& a, const auto& b) {
      return length_score(a) < length_score(b);
    };
    longest.push_back(*std::max_element(candidates.begin(), candidates.end(), by_length));
    shortest.push_back(*std::min_element(candidates.begin(), candidates.end(), by_length));
  }
  RoundNumbers before{.name = "sft"}, loves{.name = "round-1"}, hates{.name = "round-1"};
  count_texts(drawn, before);
  count_texts(longest, loves);
  count_texts(shortest, hates);
  EXPECT_EQ(loves.mean_length, 130);
  const auto has_length = [&](const RoundNumbers& now) {
    const auto found = alarms(before, now, {});
    return std::any_of(found.begin(), found.end(),
                       [](const Alarm& alarm) { return alarm.name == "mean_length"; });
  };
  EXPECT_TRUE(has_length(loves));
  EXPECT_TRUE(has_length(hates));
  EXPECT_FALSE(has_length(before));
}

TEST(HackingWatchTest, TextsAreCountedInCodePointsWithoutWhiteSpace) {
  RoundNumbers numbers{.name = "x"};
  count_texts(std::vector<std::string>{"一二三四 一二三四", "一二三四五"}, numbers);
  EXPECT_EQ(numbers.texts, 2);
  EXPECT_DOUBLE_EQ(numbers.mean_length, 6.5);
  EXPECT_DOUBLE_EQ(numbers.repetition_4, 0.5);
  EXPECT_DOUBLE_EQ(numbers.distinct_4,
                   5.0 / 7);  // 一二三四 (three times) 二三四一 三四一二 四一二三 二三四五
  EXPECT_THROW(count_texts({}, numbers), InvalidInput);
}

TEST(HackingWatchTest, TheDivergenceIsTheMeanOfTheSamplesPerToken) {
  const std::vector<SampleLogprobs> samples = {{-10, -14, 8}, {-6, -5, 4}};  // 0.5 and -0.25
  EXPECT_DOUBLE_EQ(kl_per_token(samples), 0.125);
  EXPECT_THROW(kl_per_token({}), InvalidInput);
  const std::vector<SampleLogprobs> none = {{-10, -14, 0}}, infinite = {{-1, -INFINITY, 3}};
  EXPECT_NE(message_of<InvalidInput>([&] {
              kl_per_token(none);
            }).find("sample 0: expected tokens, got 0"),
            std::string::npos);
  EXPECT_THROW(kl_per_token(infinite), InvalidInput);
}

TEST(HackingWatchTest, ANumberThatIsNotFiniteIsRefusedBecauseNothingWouldBeWatched) {
  RoundNumbers now = sft();
  now.name = "round-1";
  now.kl_to_sft = NAN;
  EXPECT_NE(message_of<InvalidInput>([&] {
              alarms(sft(), now, {});
            }).find("round-1: kl_to_sft: expected a number"),
            std::string::npos);
}

TEST(HackingWatchTest, AThresholdOutOfRangeIsRefused) {
  EXPECT_THROW(alarms(sft(), sft(), {.min_distinct_ratio = 1.5}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::eval
