#include "train/adamw.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "train/lr_schedule.h"

namespace vitrine::train {
namespace {

nn::ParameterStore one_of_each() { return {{{"matrix", {1, 1}, true}, {"bias", {1}, false}}, at::kCPU}; }

void set_gradients(nn::ParameterStore& parameters, float value) { at::Tensor(parameters.gradients()).fill_(value); }

TEST(AdamWTest, FirstStepMovesByTheLearningRateAgainstTheGradient) {
  nn::ParameterStore parameters = one_of_each();
  at::Tensor(parameters.values()).fill_(1);
  AdamW optimizer(parameters);
  set_gradients(parameters, 0.25f);
  optimizer.step({.learning_rate = 0.1, .weight_decay = 0.5, .clip_norm = 0});
  EXPECT_NEAR(parameters.value("bias").item<float>(), 1 - 0.1, 1e-6);
  EXPECT_NEAR(parameters.value("matrix").item<float>(), (1 - 0.1 * 0.5) - 0.1, 1e-6);
  EXPECT_EQ(parameters.gradient("bias").item<float>(), 0);
}

TEST(AdamWTest, FollowsTheFormulaOverSteps) {
  nn::ParameterStore parameters = one_of_each();
  AdamW optimizer(parameters);
  double w = 0, m = 0, v = 0;
  for (int step = 1; step <= 5; ++step) {
    const double g = step * 0.3 - 0.7;
    at::Tensor(parameters.gradient("bias")).fill_(g);
    optimizer.step({.learning_rate = 0.01, .beta1 = 0.9, .beta2 = 0.99, .clip_norm = 0});
    m = 0.9 * m + 0.1 * g, v = 0.99 * v + 0.01 * g * g;
    w -= 0.01 * m / (1 - std::pow(0.9, step)) / (std::sqrt(v / (1 - std::pow(0.99, step))) + 1e-8);
    EXPECT_NEAR(parameters.value("bias").item<float>(), w, 1e-6) << "step " << step;
  }
}

TEST(AdamWTest, ReturnsTheNormBeforeClipping) {
  nn::ParameterStore parameters = one_of_each();
  AdamW optimizer(parameters);
  at::Tensor(parameters.gradient("matrix")).fill_(3);
  at::Tensor(parameters.gradient("bias")).fill_(4);
  EXPECT_NEAR(optimizer.step({.clip_norm = 1}), 5, 1e-6);
  EXPECT_NEAR(optimizer.mean()[0].item<float>(), 0.1 * 3.0 / 5, 1e-6);
}

TEST(AdamWTest, AGradientThatIsNotFiniteChangesNothing) {
  nn::ParameterStore parameters = one_of_each();
  AdamW optimizer(parameters);
  at::Tensor(parameters.gradient("bias")).fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW(optimizer.step({}), InvalidInput);
  EXPECT_EQ(parameters.values().abs().sum().item<float>(), 0);
  EXPECT_EQ(optimizer.num_steps(), 0);
}

TEST(LrScheduleTest, WarmsUpThenFallsToTheGivenShare) {
  TrainConfig config;
  config.learning_rate = 2, config.warmup_steps = 4, config.min_learning_rate_ratio = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 0, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 3, 0), 2);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 100, 0.5), 2 * 0.55);
  EXPECT_NEAR(learning_rate_at(config, 100, 1), 0.2, 1e-12);
}

}  // namespace
}  // namespace vitrine::train
