#include "diffusion/step_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::diffusion {
namespace {

using Timesteps = std::vector<int64_t>;

SchedulerConfig config_of(SchedulerKind kind, TimestepSpacing spacing, int64_t steps_offset = 0) {
  SchedulerConfig config = default_scheduler_config(kind);
  config.timestep_spacing = spacing;
  config.steps_offset = steps_offset;
  return config;
}

TEST(StepPlanTest, SpacingsAreThoseOfThePaper) {
  const auto plan = [](TimestepSpacing spacing, int64_t offset) {
    return timestep_plan(config_of(SchedulerKind::ddim, spacing, offset), 4);
  };
  EXPECT_EQ(plan(TimestepSpacing::leading, 1), (Timesteps{751, 501, 251, 1}));
  EXPECT_EQ(plan(TimestepSpacing::linspace, 1), (Timesteps{999, 666, 333, 0}));
  EXPECT_EQ(plan(TimestepSpacing::trailing, 1), (Timesteps{999, 749, 499, 249}));
}

TEST(StepPlanTest, HalvesAreRoundedToEven) {
  // 999 / 6 = 166.5
  const auto timesteps =
      timestep_plan(config_of(SchedulerKind::ddim, TimestepSpacing::linspace), 7);
  EXPECT_EQ(timesteps, (Timesteps{999, 832, 666, 500, 333, 166, 0}));
}

TEST(StepPlanTest, PndmTakesItsSecondTimestepTwice) {
  EXPECT_EQ(timestep_plan(config_of(SchedulerKind::pndm, TimestepSpacing::leading, 1), 4),
            (Timesteps{751, 501, 501, 251, 1}));
  EXPECT_EQ(timestep_plan(config_of(SchedulerKind::pndm, TimestepSpacing::leading, 1), 1),
            (Timesteps{1}));
}

TEST(StepPlanTest, LcmStepsAreAmongThoseItWasDistilledWith) {
  EXPECT_EQ(timestep_plan(default_scheduler_config(SchedulerKind::lcm), 4),
            (Timesteps{999, 759, 499, 259}));
}

TEST(StepPlanTest, SigmasFallToZeroOrToTheLeast) {
  SchedulerConfig config = config_of(SchedulerKind::dpmpp_2m, TimestepSpacing::linspace);
  const NoiseSchedule schedule(config);
  const SigmaPlan plan = sigma_plan(config, schedule, 3);
  EXPECT_EQ(plan.timesteps, (std::vector<double>{999, 666, 333}));
  EXPECT_EQ(plan.sigmas, (std::vector<double>{schedule.sigma(999), schedule.sigma(666),
                                              schedule.sigma(333), 0}));
  config.final_sigmas_type = FinalSigmasType::sigma_min;
  EXPECT_EQ(sigma_plan(config, schedule, 3).sigmas.back(), schedule.sigma(0));
}

TEST(StepPlanTest, KarrasSigmasAreEvenInTheSeventhRoot) {
  const auto sigmas = karras_sigmas(1, 2187, 3);  // 3^7
  ASSERT_EQ(sigmas.size(), 3u);
  EXPECT_NEAR(sigmas[0], 2187, 1e-9);
  EXPECT_NEAR(sigmas[1], 128, 1e-10);
  EXPECT_NEAR(sigmas[2], 1, 1e-14);
  EXPECT_NEAR(karras_sigmas(1, 2187, 1).front(), 2187, 1e-9);
}

TEST(StepPlanTest, StepsThatTheScheduleDoesNotHaveAreRefused) {
  const SchedulerConfig ddim = config_of(SchedulerKind::ddim, TimestepSpacing::leading, 1);
  EXPECT_THROW(timestep_plan(ddim, 0), InvalidInput);
  EXPECT_THROW(timestep_plan(ddim, 1001), InvalidInput);
  EXPECT_THROW(timestep_plan(ddim, 1000), InvalidInput);  // 999 + steps_offset
  EXPECT_THROW(timestep_plan(default_scheduler_config(SchedulerKind::lcm), 51), InvalidInput);
  const SchedulerConfig dpm = default_scheduler_config(SchedulerKind::dpmpp_2m);
  EXPECT_THROW(sigma_plan(dpm, NoiseSchedule(dpm), 1000), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
