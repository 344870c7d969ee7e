#include "recipes/reward_order.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

const double kNone = std::nan("");

TEST(RewardOrderTest, TheScaleIsMeanAndDeviationOfWhatWasJudged) {
  const std::vector<RewardParts> pictures{{20, 0.2, kNone}, {24, 0.8, kNone}, {28, kNone, kNone}};
  const RewardScale scale = reward_scale(pictures);
  EXPECT_NEAR(scale.mean[0], 24, 1e-12);
  EXPECT_NEAR(scale.deviation[0], std::sqrt(32.0 / 3), 1e-12);
  EXPECT_NEAR(scale.mean[1], 0.5, 1e-12);
  EXPECT_NEAR(scale.deviation[1], 0.3, 1e-12);
  EXPECT_EQ(scale.deviation[2], 0);
}

TEST(RewardOrderTest, PartsCountInTheirOwnDeviationsByTheirWeights) {
  const RewardScale scale{{20, 0.5, 0}, {4, 0.25, 0}};
  EXPECT_NEAR(reward_of({22, 1.0, 0.3}, {1, 2, 5}, scale), 0.5 + 2 * 2, 1e-12);  // the third does not differ
  EXPECT_NEAR(reward_of({kNone, 0.25, kNone}, {1, 2, 5}, scale), -2, 1e-12);
  EXPECT_EQ(reward_of({22, 1.0, 0.3}, {0, 0, 0}, scale), 0);
}

TEST(RewardOrderTest, ASmallStepOfTheClipCountsAsMuchAsALargeOneOfTheProbe) {
  const std::vector<RewardParts> pictures{{20.0, 0.1, kNone}, {20.4, 0.9, kNone}};
  const RewardScale scale = reward_scale(pictures);
  EXPECT_NEAR(reward_of({20.4, 0.1, kNone}, {1, 1, 1}, scale), 0, 1e-9);
}

TEST(RewardOrderTest, TheBestOfEachPromptIsTheFirstOfEqualOnes) {
  const std::vector<double> rewards{1, 3, 3, -5, -4, -6};
  EXPECT_EQ(best_of_each(rewards, 3), (std::vector<size_t>{1, 4}));
  EXPECT_EQ(best_of_each(rewards, 1).size(), 6u);
  EXPECT_THROW(best_of_each(rewards, 4), InvalidInput);
}

TEST(RewardOrderTest, PartsGoThroughJsonWithWhatIsNotJudged) {
  const RewardParts parts = reward_parts_from(Json::parse(to_json(RewardParts{1.25, kNone, 0}).dump()));
  EXPECT_EQ(parts[0], 1.25);
  EXPECT_TRUE(std::isnan(parts[1]));
  EXPECT_EQ(parts[2], 0);
}

}  // namespace
}  // namespace vitrine::recipes
