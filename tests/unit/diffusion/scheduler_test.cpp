#include "diffusion/scheduler.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/initialize.h"

namespace vitrine::diffusion {
namespace {

constexpr SchedulerKind kKinds[] = {SchedulerKind::ddim,     SchedulerKind::pndm,
                                    SchedulerKind::euler,    SchedulerKind::euler_a,
                                    SchedulerKind::dpmpp_2m, SchedulerKind::lcm};

at::Tensor random_tensor(uint64_t seed) {
  at::Tensor values = at::empty({2, 4, 3, 5}, at::kFloat);
  nn::fill_normal(values, 1, RandomKey(seed));
  return values;
}

SchedulerConfig config_of(SchedulerKind kind) {
  SchedulerConfig config = default_scheduler_config(kind);
  config.set_alpha_to_one = true;
  config.clip_sample = false;
  return config;
}

void expect_close(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
  const double worst = (actual - expected).abs().max().item<double>();
  EXPECT_LE(worst, tolerance * std::max(1.0, expected.abs().max().item<double>()));
}

/// A run whose model knows the clean sample and says it in the way of the config.
at::Tensor run_with_knowledge(NoiseScheduler& scheduler, const at::Tensor& original,
                              int64_t first) {
  at::Tensor latents = scheduler.add_noise(original, random_tensor(2), first);
  for (int64_t step = first; step < scheduler.num_steps(); ++step) {
    const at::Tensor seen = scheduler.scale_model_input(latents, step);
    const double ratio = (scheduler.add_noise(at::ones({1}), at::zeros({1}), step)).item<double>();
    const double sigma =
        scheduler.add_noise(at::zeros({1}), at::ones({1}), step).item<double>() / ratio;
    const NoiseLevel level = level_of_sigma(sigma);
    const at::Tensor noise = (seen - original * level.alpha) / level.sigma;
    at::Tensor output = noise;
    if (scheduler.config().prediction_type == PredictionType::sample) output = original;
    if (scheduler.config().prediction_type == PredictionType::v_prediction)
      output = noise * level.alpha - original * level.sigma;
    latents =
        scheduler.step(output, latents, step, random_tensor(100 + static_cast<uint64_t>(step)));
  }
  return latents;
}

TEST(NoiseSchedulerTest, AModelThatKnowsTheSampleReachesItWithEverySolver) {
  const at::Tensor original = random_tensor(1);
  for (const SchedulerKind kind : kKinds) {
    for (const PredictionType type :
         {PredictionType::epsilon, PredictionType::v_prediction, PredictionType::sample}) {
      const bool unknown = kind == SchedulerKind::pndm || kind == SchedulerKind::euler_a;
      // Multistep pndm mixes outputs of other levels, so that epsilon alone stays the same.
      if (unknown && type == PredictionType::sample) continue;
      if (kind == SchedulerKind::pndm && type == PredictionType::v_prediction) continue;
      SchedulerConfig config = config_of(kind);
      config.prediction_type = type;
      const auto scheduler = make_noise_scheduler(config);
      scheduler->set_timesteps(8);
      expect_close(run_with_knowledge(*scheduler, original, 0), original, 2e-4);
    }
  }
}

TEST(NoiseSchedulerTest, LastStepReturnsThePredictedSample) {
  for (const SchedulerKind kind : kKinds) {
    const auto scheduler = make_noise_scheduler(config_of(kind));
    scheduler->set_timesteps(1);
    const at::Tensor latents = at::full({1, 4, 2, 2}, 1.5f);
    const double alpha = scheduler->add_noise(at::ones({1}), at::zeros({1}), 0).item<double>();
    const at::Tensor cleaned = scheduler->step(at::zeros_like(latents), latents, 0);
    expect_close(cleaned, latents / alpha, kind == SchedulerKind::lcm ? 1e-3 : 1e-6);
  }
}

TEST(NoiseSchedulerTest, AStepOfEulerFollowsTheLineToTheSample) {
  const auto scheduler = make_noise_scheduler(config_of(SchedulerKind::euler));
  scheduler->set_timesteps(2);
  const double from = scheduler->init_noise_sigma();
  const double to = scheduler->add_noise(at::zeros({1}), at::ones({1}), 1).item<double>();
  const at::Tensor latents = at::full({1, 1, 1, 1}, 3.0f), output = at::full({1, 1, 1, 1}, 0.5f);
  expect_close(scheduler->step(output, latents, 0), latents + output * (to - from), 1e-6);
}

TEST(NoiseSchedulerTest, ClippingBoundsThePredictedSample) {
  SchedulerConfig config = config_of(SchedulerKind::ddim);
  config.clip_sample = true;
  config.clip_sample_range = 0.25;
  config.prediction_type = PredictionType::sample;
  const auto scheduler = make_noise_scheduler(config);
  scheduler->set_timesteps(1);
  const at::Tensor latents = at::zeros({1, 1, 1, 2});
  EXPECT_EQ(scheduler->step(at::full_like(latents, 9), latents, 0).max().item<float>(), 0.25f);
}

TEST(NoiseSchedulerTest, TheSameNoiseGivesTheSameLatentsAndOtherNoiseOthers) {
  for (const SchedulerKind kind : {SchedulerKind::euler_a, SchedulerKind::lcm}) {
    const auto run = [&](uint64_t seed) {
      const auto scheduler = make_noise_scheduler(config_of(kind));
      scheduler->set_timesteps(2);
      EXPECT_TRUE(scheduler->needs_noise(0));
      EXPECT_FALSE(scheduler->needs_noise(1));
      const at::Tensor latents =
          scheduler->step(random_tensor(4), random_tensor(3), 0, random_tensor(seed));
      return scheduler->step(random_tensor(5), latents, 1);
    };
    EXPECT_TRUE(at::equal(run(7), run(7)));
    EXPECT_FALSE(at::equal(run(7), run(8)));
  }
}

TEST(NoiseSchedulerTest, ASecondRunForgetsTheFirst) {
  for (const SchedulerKind kind : kKinds) {
    const auto scheduler = make_noise_scheduler(config_of(kind));
    scheduler->set_timesteps(5);
    const at::Tensor first = run_with_knowledge(*scheduler, random_tensor(1), 0);
    scheduler->begin(0);
    EXPECT_TRUE(at::equal(run_with_knowledge(*scheduler, random_tensor(1), 0), first));
  }
}

TEST(NoiseSchedulerTest, ARunMayBeginInTheMiddle) {
  for (const SchedulerKind kind :
       {SchedulerKind::ddim, SchedulerKind::euler, SchedulerKind::dpmpp_2m}) {
    const auto scheduler = make_noise_scheduler(config_of(kind));
    scheduler->set_timesteps(6);
    scheduler->begin(4);
    expect_close(run_with_knowledge(*scheduler, random_tensor(1), 4), random_tensor(1), 1e-5);
  }
}

TEST(NoiseSchedulerTest, HalfPrecisionOutputsAreStillAddedInFloat32) {
  const auto scheduler = make_noise_scheduler(config_of(SchedulerKind::ddim));
  scheduler->set_timesteps(3);
  const at::Tensor latents =
      scheduler->step(random_tensor(1).to(at::kBFloat16), random_tensor(2), 0);
  EXPECT_EQ(latents.scalar_type(), at::kFloat);
}

TEST(NoiseSchedulerTest, WhatDoesNotFitIsRefused) {
  const auto scheduler = make_noise_scheduler(config_of(SchedulerKind::euler_a));
  const at::Tensor latents = random_tensor(1);
  EXPECT_THROW(scheduler->step(latents, latents, 0, latents), InvalidInput);  // no set_timesteps
  EXPECT_THROW(scheduler->init_noise_sigma(), InvalidInput);
  scheduler->set_timesteps(3);
  EXPECT_THROW(scheduler->step(latents, latents, 1, latents), InvalidInput);  // out of order
  EXPECT_THROW(scheduler->step(latents, latents, 0), InvalidInput);           // no noise
  EXPECT_THROW(scheduler->step(latents.slice(1, 0, 3), latents, 0, latents), InvalidInput);
  EXPECT_THROW(scheduler->begin(3), InvalidInput);
  EXPECT_THROW(scheduler->add_noise(latents, latents, -1), InvalidInput);
}

TEST(NoiseSchedulerTest, NoiseIsNotPredictedFromAStepWithoutSignal) {
  SchedulerConfig config = config_of(SchedulerKind::ddim);
  config.rescale_betas_zero_snr = true;
  config.timestep_spacing = TimestepSpacing::trailing;
  const auto scheduler = make_noise_scheduler(config);
  scheduler->set_timesteps(3);
  EXPECT_THROW(scheduler->step(random_tensor(1), random_tensor(2), 0), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
