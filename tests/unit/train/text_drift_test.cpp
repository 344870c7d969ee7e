#include "train/text_drift.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::train {
namespace {

at::Tensor states(std::vector<float> values) { return at::tensor(values).view({1, 2, 2}); }

/// One prompt of two tokens whose states were (1, 0) and (0, 1) at the start.
TextDrift drift_to(const at::Tensor& now, const DriftConfig& config) {
  return {at::zeros({1, 2}, at::kLong), states({1, 0, 0, 1}), [now](const at::Tensor& ids) { return now.expand({ids.size(0), 2, 2}); }, config};
}

TEST(TextDriftTest, IsTheMeanCosineToTheStart) {
  // The first token's state is parallel to that of the start, the second's perpendicular.
  const TextDrift drift = drift_to(states({3, 0, 5, 0}), {.drift_weight = 2, .least_cosine = 0.4});
  EXPECT_NEAR(drift.cosine(), 0.5, 1e-6);
  EXPECT_NEAR(drift.loss(RandomKey(1)).item<double>(), 2 * (1 - 0.5), 1e-6);
  EXPECT_EQ(drift.alarm(), "");
}

TEST(TextDriftTest, BelowTheLimitItSaysWhichAndWhere) {
  const std::string alarm = drift_to(states({3, 0, 5, 0}), {.drift_weight = 0, .least_cosine = 0.6}).alarm();
  EXPECT_NE(alarm.find("0.5"), std::string::npos) << alarm;
  EXPECT_NE(alarm.find("least_cosine 0.6"), std::string::npos) << alarm;
}

TEST(TextDriftTest, WithoutWeightThereIsNoLoss) {
  EXPECT_FALSE(drift_to(states({1, 0, 0, 1}), {.drift_weight = 0}).loss(RandomKey(1)).defined());
}

TEST(TextDriftTest, AStartOfOtherPromptsIsRefused) {
  const auto now = [](const at::Tensor&) { return at::Tensor(); };
  EXPECT_THROW(TextDrift(at::zeros({3, 2}, at::kLong), states({1, 0, 0, 1}), now, {}), InvalidInput);
  EXPECT_THROW(state_likeness(at::ones({1, 2, 2}), at::ones({1, 2, 3})), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
