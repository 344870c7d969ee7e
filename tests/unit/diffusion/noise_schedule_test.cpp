#include "diffusion/noise_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::diffusion {
namespace {

/// Betas 0.1, 0.2, 0.3.
SchedulerConfig three_steps() {
  SchedulerConfig config;
  config.num_train_timesteps = 3;
  config.beta_start = 0.1;
  config.beta_end = 0.3;
  return config;
}

TEST(NoiseScheduleTest, SignalIsTheProductOfOneMinusBeta) {
  const NoiseSchedule schedule(three_steps());
  EXPECT_NEAR(schedule.alpha_cumprod(0), 0.9, 1e-15);
  EXPECT_NEAR(schedule.alpha_cumprod(1), 0.72, 1e-15);
  EXPECT_NEAR(schedule.alpha_cumprod(2), 0.504, 1e-15);
}

TEST(NoiseScheduleTest, AScaledScheduleIsLinearInTheRoot) {
  SchedulerConfig config = three_steps();
  config.beta_schedule = BetaSchedule::scaled_linear;
  config.beta_start = 0.01;
  config.beta_end = 0.25;
  EXPECT_NEAR(NoiseSchedule(config).alpha_cumprod(1), 0.99 * (1 - 0.09), 1e-15);
}

TEST(NoiseScheduleTest, SignalToNoiseRatioAndSigmaAreOneNumber) {
  const NoiseSchedule schedule(three_steps());
  EXPECT_NEAR(schedule.snr(0), 9, 1e-12);
  EXPECT_NEAR(schedule.sigma(0), 1.0 / 3, 1e-12);
  EXPECT_NEAR(schedule.level(0).alpha / schedule.level(0).sigma, 3, 1e-12);
}

TEST(NoiseScheduleTest, RescalingLeavesNoSignalAtTheEndAndTheStartAsItWas) {
  SchedulerConfig config = three_steps();
  config.rescale_betas_zero_snr = true;
  const NoiseSchedule schedule(config);
  EXPECT_NEAR(schedule.alpha_cumprod(0), 0.9, 1e-12);
  EXPECT_EQ(schedule.alpha_cumprod(2), 0);
  EXPECT_EQ(schedule.snr(2), 0);
  EXPECT_NEAR(schedule.sigma(2), 4096, 1e-3);  // sqrt(2^24 - 1)
}

TEST(NoiseScheduleTest, ATimestepIsFoundFromItsSigma) {
  const NoiseSchedule schedule(three_steps());
  EXPECT_NEAR(schedule.timestep_of(schedule.sigma(1)), 1, 1e-12);
  EXPECT_NEAR(schedule.timestep_of(std::sqrt(schedule.sigma(1) * schedule.sigma(2))), 1.5, 1e-12);
  EXPECT_EQ(schedule.timestep_of(1e-9), 0);
  EXPECT_EQ(schedule.timestep_of(1e9), 2);
  EXPECT_NEAR(schedule.sigma_between(0.5), (schedule.sigma(0) + schedule.sigma(1)) / 2, 1e-12);
}

TEST(NoiseScheduleTest, EachPredictionTypeTellsTheSampleAndTheNoise) {
  const NoiseLevel level = NoiseSchedule(three_steps()).level(1);
  const double x0 = 1.25, noise = -0.5;
  const double latents = level.alpha * x0 + level.sigma * noise;
  const auto expect_told = [&](PredictionType type, double output) {
    const Mix original = predicted_original(type, level), told = predicted_noise(type, level);
    EXPECT_NEAR(original.latents * latents + original.output * output, x0, 1e-12);
    EXPECT_NEAR(told.latents * latents + told.output * output, noise, 1e-12);
  };
  expect_told(PredictionType::epsilon, noise);
  expect_told(PredictionType::sample, x0);
  expect_told(PredictionType::v_prediction, level.alpha * noise - level.sigma * x0);
}

TEST(NoiseScheduleTest, ATimestepOutsideIsRefused) {
  const NoiseSchedule schedule(three_steps());
  EXPECT_THROW(schedule.alpha_cumprod(-1), InvalidInput);
  EXPECT_THROW(schedule.alpha_cumprod(3), InvalidInput);
}

TEST(NoiseScheduleTest, NoiseSaysNothingOfTheSampleWhereNoSignalIsLeft) {
  EXPECT_THROW(predicted_original(PredictionType::epsilon, {0, 1}), InvalidInput);
  EXPECT_THROW(predicted_noise(PredictionType::sample, {1, 0}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
