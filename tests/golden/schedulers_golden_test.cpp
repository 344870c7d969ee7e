// Latents, timesteps and training noise against those of the diffusers library in float32
// (tools/golden/schedulers.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "diffusion/scheduler.h"
#include "diffusion/training_noise.h"

namespace vitrine::diffusion {
namespace {

const Json& golden() {
  static const Json file = read_json_file(VITRINE_SOURCE_DIR "/tests/data/golden/schedulers.json");
  return file;
}

at::Tensor tensor(const Json& values, const Json& shape) {
  const auto numbers = values.get<std::vector<float>>();
  return at::tensor(numbers).view(shape.get<std::vector<int64_t>>());
}

at::Tensor latents_of(const Json& values) { return tensor(values, golden()["shape"]); }

/// Relative to the largest expected value, as later values are sums of large ones.
void expect_close(const at::Tensor& actual, const Json& expected, double tolerance,
                  const std::string& what) {
  const auto values = expected.get<std::vector<double>>();
  const at::Tensor flat = actual.flatten().to(at::kDouble);
  ASSERT_EQ(flat.numel(), static_cast<int64_t>(values.size())) << what;
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(flat[static_cast<int64_t>(i)].item<double>(), values[i], tolerance * largest)
        << what << ", value " << i;
  }
}

/// From a sigma of 4096 diffusers takes differences of large numbers in float32 (euler_a: the level
/// that it steps down to, as the root of a difference of squares).
double tolerance_of(const Json& row) { return row["init_noise_sigma"] > 1000 ? 5e-4 : 1e-5; }

void expect_run(const Json& row) {
  const std::string name = row["kind"].get<std::string>() + " " + dump_line(row["config"]) + " " +
                           dump_line(row["steps"]) + " from " + dump_line(row["first"]);
  const auto scheduler = make_noise_scheduler(scheduler_config_from_json(
      row["config"], "golden", scheduler_kind(row["kind"].get<std::string>())));
  scheduler->set_timesteps(row["steps"].get<int64_t>());
  const auto first = row["first"].get<int64_t>();
  scheduler->begin(first);
  expect_close(
      at::tensor(std::vector<double>(scheduler->timesteps().begin(), scheduler->timesteps().end()),
                 at::kDouble),
      row["timesteps"], 1e-5, name + ": timesteps");
  EXPECT_NEAR(scheduler->init_noise_sigma() / row["init_noise_sigma"].get<double>(), 1, 1e-5);
  const at::Tensor initial = latents_of(golden()["initial"]);
  at::Tensor latents = first > 0
                           ? scheduler->add_noise(latents_of(golden()["original"]), initial, first)
                           : initial * scheduler->init_noise_sigma();
  expect_close(latents, row["started"], 1e-5, name + ": started");
  for (int64_t step = first; step < scheduler->num_steps(); ++step) {
    const std::string at_step = name + ": step " + std::to_string(step);
    const auto idx = static_cast<size_t>(step - first);
    const at::Tensor scaled = scheduler->scale_model_input(latents, step);
    if (row["scaled"].empty()) {
      EXPECT_TRUE(at::equal(scaled, latents)) << at_step;
    } else {
      expect_close(scaled, row["scaled"][idx], tolerance_of(row), at_step + ", scaled");
    }
    latents = scheduler->step(latents_of(golden()["outputs"][static_cast<size_t>(step)]), latents,
                              step, latents_of(golden()["noises"][static_cast<size_t>(step)]));
    expect_close(latents, row["latents"][idx], tolerance_of(row), at_step);
  }
}

TEST(SchedulersGoldenTest, LatentsOfEveryStepAreThoseOfDiffusers) {
  ASSERT_GT(golden()["cases"].size(), 60u);
  for (const Json& row : golden()["cases"]) expect_run(row);
}

TEST(SchedulersGoldenTest, TrainingNoiseAndVelocityAreThoseOfDiffusers) {
  const Json& row = golden()["training"];
  const NoiseSchedule schedule(
      scheduler_config_from_json(row["config"], "golden", SchedulerKind::ddim));
  const Json shape = {4, 1, 1, 2};
  const at::Tensor samples = tensor(row["samples"], shape), noise = tensor(row["noise"], shape);
  const at::Tensor timesteps = at::tensor(row["timesteps"].get<std::vector<int64_t>>());
  expect_close(add_noise(schedule, samples, noise, timesteps), row["noisy"], 1e-5, "noisy");
  expect_close(get_velocity(schedule, samples, noise, timesteps), row["velocity"], 1e-5,
               "velocity");
  const at::Tensor ratios = snr(schedule, timesteps);
  for (int64_t i = 0; i < 4; ++i) {
    // 1 - a of the first timesteps has few digits in float32.
    EXPECT_NEAR(ratios[i].item<double>() / row["snr"][static_cast<size_t>(i)].get<double>(), 1,
                1e-4);
  }
}

}  // namespace
}  // namespace vitrine::diffusion
