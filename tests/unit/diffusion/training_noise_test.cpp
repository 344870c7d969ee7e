#include "diffusion/training_noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/initialize.h"

namespace vitrine::diffusion {
namespace {

at::Tensor random_tensor(uint64_t seed) {
  at::Tensor values = at::empty({3, 4, 2, 2}, at::kFloat);
  nn::fill_normal(values, 1, RandomKey(seed));
  return values;
}

TEST(TrainingNoiseTest, NoisySamplesAndVelocityGiveSampleAndNoiseBack) {
  const NoiseSchedule schedule(default_scheduler_config(SchedulerKind::ddim));
  const at::Tensor samples = random_tensor(1), noise = random_tensor(2);
  const at::Tensor timesteps = at::tensor(std::vector<int64_t>{0, 400, 999});
  const at::Tensor noisy = add_noise(schedule, samples, noise, timesteps);
  const at::Tensor velocity = get_velocity(schedule, samples, noise, timesteps);
  for (int64_t i = 0; i < 3; ++i) {
    const NoiseLevel level = schedule.level(timesteps[i].item<int64_t>());
    EXPECT_TRUE(
        at::allclose(noisy[i] * level.alpha - velocity[i] * level.sigma, samples[i], 0, 1e-5));
    EXPECT_TRUE(
        at::allclose(noisy[i] * level.sigma + velocity[i] * level.alpha, noise[i], 0, 1e-5));
  }
}

TEST(TrainingNoiseTest, RatiosFallWithTheTimestep) {
  const NoiseSchedule schedule(default_scheduler_config(SchedulerKind::ddim));
  const at::Tensor ratios = snr(schedule, at::tensor(std::vector<int64_t>{10, 500}));
  EXPECT_FLOAT_EQ(ratios[0].item<float>(), static_cast<float>(schedule.snr(10)));
  EXPECT_LT(ratios[1].item<float>(), ratios[0].item<float>());
}

TEST(TrainingNoiseTest, WhatDoesNotFitIsRefused) {
  const NoiseSchedule schedule(default_scheduler_config(SchedulerKind::ddim));
  const at::Tensor samples = random_tensor(1);
  const auto steps = [](std::vector<int64_t> values) { return at::tensor(values); };
  EXPECT_THROW(add_noise(schedule, samples, samples, steps({1, 2})), InvalidInput);
  EXPECT_THROW(add_noise(schedule, samples, samples.slice(1, 0, 2), steps({1, 2, 3})),
               InvalidInput);
  EXPECT_THROW(get_velocity(schedule, samples, samples, steps({1, 2, 1000})), InvalidInput);
  EXPECT_THROW(snr(schedule, at::zeros({2})), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
