#include "train/objectives.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::train {
namespace {

/// Values, rewards, reference log-probabilities and token counts of one group.
struct Group {
  std::vector<double> values, rewards, ref_logps;
  std::vector<int32_t> tokens;

  models::GroupValues view() {
    targets.clear();
    for (size_t i = 0; i < values.size(); ++i)
      targets.push_back({rewards[i], ref_logps.empty() ? 0 : ref_logps[i]});
    if (tokens.empty()) tokens.assign(values.size(), 1);
    return {values, tokens, targets};
  }
  std::vector<nn::DocumentTarget> targets = {};
};

struct LossAndSlope {
  double loss;
  std::vector<double> derivatives;
};

LossAndSlope loss_of(const models::GroupObjective& objective, Group group) {
  std::vector<double> derivatives(group.values.size(), 99.0);  // what was there does not count
  const double loss = objective.loss(group.view(), derivatives);
  return {loss, derivatives};
}

void expect_finite_difference(const models::GroupObjective& objective, const Group& group,
                              double scale = 1) {
  const auto [loss, derivatives] = loss_of(objective, group);
  for (size_t i = 0; i < group.values.size(); ++i) {
    Group up = group, down = group;
    const double step = 1e-5 * scale;
    up.values[i] += step, down.values[i] -= step;
    const double slope = (loss_of(objective, up).loss - loss_of(objective, down).loss) / (2 * step);
    EXPECT_NEAR(derivatives[i], slope, 1e-7 + 1e-6 * std::abs(slope))
        << objective.settings().dump() << " value " << i;
  }
}

Group random_group(uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  Group group;
  const size_t count = 2 + random.below(6);
  for (size_t i = 0; i < count; ++i) {
    group.values.push_back(6 * random.uniform() - 3);
    group.rewards.push_back(static_cast<double>(random.below(4)));  // ties are frequent
    group.ref_logps.push_back(6 * random.uniform() - 3);
    group.tokens.push_back(static_cast<int32_t>(1 + random.below(9)));
  }
  return group;
}

TEST(PairwiseObjectiveTest, APairIsTheLogisticLossOfItsMarginAndTheSquareOfItsSum) {
  const auto [loss, slope] = loss_of(PairwiseObjective(0.5, 0.1), {{2.0, 1.0}, {1, 0}, {}, {}});
  const double push = 1 / (1 + std::exp(0.5));  // lead 2 - 1 - 0.5
  EXPECT_NEAR(loss, std::log(1 + std::exp(-0.5)) + 0.1 * 9, 1e-12);
  EXPECT_NEAR(slope[0], -push + 0.1 * 2 * 3, 1e-12);
  EXPECT_NEAR(slope[1], push + 0.1 * 2 * 3, 1e-12);
}

TEST(PairwiseObjectiveTest, AListIsTheMeanOverItsPairs) {
  const PairwiseObjective objective;
  const auto pair = [&](double chosen, double rejected) {
    return loss_of(objective, {{chosen, rejected}, {1, 0}, {}, {}}).loss;
  };
  // The first and the last are equally good.
  const double expected = (pair(0.3, -1) + pair(2, -1)) / 2;
  EXPECT_NEAR(loss_of(objective, {{0.3, -1, 2}, {5, 1, 5}, {}, {}}).loss, expected, 1e-12);
}

TEST(ListwiseObjectiveTest, ThreeTextsAreThePlackettLuceProbabilityOfTheirOrder) {
  const double a = std::exp(0.2), b = std::exp(1.1),
               c = std::exp(-0.7);  // best is b, then c, then a
  const double probability = b / (a + b + c) * c / (a + c);
  EXPECT_NEAR(loss_of(ListwiseObjective(), {{0.2, 1.1, -0.7}, {0, 2, 1}, {}, {}}).loss,
              -std::log(probability), 1e-12);
}

TEST(ListwiseObjectiveTest, TiedTextsCompeteWithLowerOnesOnly) {
  const double a = std::exp(0.2), b = std::exp(1.1), c = std::exp(-0.7);
  const double expected = -std::log(a / (a + c)) - std::log(b / (b + c));
  EXPECT_NEAR(loss_of(ListwiseObjective(), {{0.2, 1.1, -0.7}, {3, 3, 1}, {}, {}}).loss, expected,
              1e-12);
}

TEST(ListwiseObjectiveTest, TwoTextsAreAPair) {
  const Group group{{0.4, -0.9}, {1, 0}, {}, {}};
  const auto list = loss_of(ListwiseObjective(0.2), group),
             pair = loss_of(PairwiseObjective(0, 0.2), group);
  EXPECT_NEAR(list.loss, pair.loss, 1e-12);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(list.derivatives[i], pair.derivatives[i], 1e-12);
}

TEST(DpoObjectiveTest, APairIsTheLogisticLossOfItsGainOverTheReference) {
  const auto [loss, slope] = loss_of(DpoObjective(0.1), {{-40, -50}, {1, 0}, {-45, -48}, {}});
  const double lead = 0.1 * (5 - -2);
  EXPECT_NEAR(loss, std::log(1 + std::exp(-lead)), 1e-12);
  EXPECT_NEAR(slope[0], -0.1 / (1 + std::exp(lead)), 1e-12);
  EXPECT_NEAR(slope[1], -slope[0], 1e-15);
}

TEST(DpoObjectiveTest, BeginsAtLogTwoWhenTheModelIsTheReference) {
  EXPECT_NEAR(loss_of(DpoObjective(0.3), {{-40, -50}, {1, 0}, {-40, -50}, {}}).loss, std::log(2.0),
              1e-12);
}

TEST(RrhfObjectiveTest, OnlyWrongOrdersCostAndTheBestIsLearned) {
  // Means: -2, -1, -3; the best one is the first.
  const auto [loss, slope] =
      loss_of(RrhfObjective(10, 0.5), {{-8, -5, -6}, {2, 1, 0}, {}, {4, 5, 2}});
  EXPECT_NEAR(loss, 10 * (-1 - -2) + 0.5 * 2, 1e-12);
  EXPECT_NEAR(slope[0], -10.0 / 4 - 0.5 / 4, 1e-12);
  EXPECT_NEAR(slope[1], 10.0 / 5, 1e-12);
  EXPECT_EQ(slope[2], 0);
}

TEST(ObjectivesTest, TheGradientIsTheFiniteDifference) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Group group = random_group(seed);
    expect_finite_difference(PairwiseObjective(0.4, 0.05), group);
    expect_finite_difference(ListwiseObjective(0.05), group);
    expect_finite_difference(DpoObjective(0.7), group);
    expect_finite_difference(RrhfObjective(3, 1), group);
  }
}

TEST(ObjectivesTest, EqualRewardsGiveNoPair) {
  const Group group{{0.4, -0.9, 3}, {7, 7, 7}, {0, 0, 0}, {}};
  const PairwiseObjective pairs(1, 1);
  const ListwiseObjective list(1);
  const DpoObjective dpo(1);
  const RrhfObjective rrhf(1, 0);
  for (const models::GroupObjective* objective :
       {static_cast<const models::GroupObjective*>(&pairs),
        static_cast<const models::GroupObjective*>(&list),
        static_cast<const models::GroupObjective*>(&dpo),
        static_cast<const models::GroupObjective*>(&rrhf)}) {
    const auto [loss, slope] = loss_of(*objective, group);
    EXPECT_EQ(loss, 0) << objective->settings().dump();
    EXPECT_EQ(slope, (std::vector<double>{0, 0, 0})) << objective->settings().dump();
  }
}

TEST(ObjectivesTest, FarScoresGiveFiniteLosses) {
  const Group right{{800, -800}, {1, 0}, {}, {}}, wrong{{-800, 800}, {1, 0}, {}, {}};
  for (const double margin : {0.0, 2.0}) {
    EXPECT_EQ(loss_of(PairwiseObjective(margin), right).loss, 0);
    EXPECT_DOUBLE_EQ(loss_of(PairwiseObjective(margin), wrong).loss, 1600 + margin);
  }
  EXPECT_EQ(loss_of(ListwiseObjective(), right).loss, 0);
  EXPECT_DOUBLE_EQ(loss_of(ListwiseObjective(), wrong).loss, 1600);
  EXPECT_DOUBLE_EQ(loss_of(DpoObjective(1), wrong).loss, 1600);
  EXPECT_DOUBLE_EQ(loss_of(DpoObjective(1), wrong).derivatives[0], -1);
}

TEST(ObjectivesTest, SettingsOutOfRangeAreRefused) {
  EXPECT_THROW(PairwiseObjective(-1, 0), InvalidInput);
  EXPECT_THROW(PairwiseObjective(0, std::nan("")), InvalidInput);
  EXPECT_THROW(ListwiseObjective(-0.1), InvalidInput);
  EXPECT_THROW(DpoObjective(0), InvalidInput);
  EXPECT_THROW(RrhfObjective(1, -1), InvalidInput);
}

TEST(GroupLossesTest, WeightsScaleLossAndDerivativesOfTheirGroup) {
  nn::PackedBatch batch;
  for (int i = 0; i < 4; ++i) batch.add(std::vector<int32_t>{1, 2}, 1);
  EXPECT_THROW(batch.end_group(std::vector<nn::DocumentTarget>(3), 1), InvalidInput);
  const std::vector<nn::DocumentTarget> targets = {{1, 0}, {0, 0}};
  batch = {};
  for (const double weight : {1.0, 3.0}) {
    for (int i = 0; i < 2; ++i) batch.add(std::vector<int32_t>{1, 2}, 1);
    batch.end_group(targets, weight);
  }
  const std::vector<double> values = {0, 0, 0, 0};
  const auto losses = models::group_losses(PairwiseObjective(), batch, values);
  EXPECT_NEAR(losses.sum.objective, 4 * std::log(2.0), 1e-12);
  EXPECT_EQ(losses.sum.num_labels, 2);
  EXPECT_EQ(losses.derivatives, (std::vector<double>{-0.5, 0.5, -1.5, 1.5}));
  EXPECT_THROW(models::group_losses(PairwiseObjective(), batch, std::span(values).first(3)),
               InvalidInput);
  EXPECT_THROW(
      models::group_losses(PairwiseObjective(), batch, std::vector<double>{0, std::nan(""), 0, 0}),
      InvalidInput);
  EXPECT_THROW(models::group_losses(PairwiseObjective(), nn::PackedBatch(), {}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
