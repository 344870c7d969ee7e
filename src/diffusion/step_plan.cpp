#include "diffusion/step_plan.h"

#include <cmath>

#include "base/error.h"

namespace vitrine::diffusion {
namespace {

/// Half to even, as numpy rounds.
double rounded(double value) { return std::nearbyint(value); }

/// num: number of levels from the last timestep down to 0. dpmpp_2m's spacing has one more level
/// than it has steps, which is where its last step leads.
std::vector<double> linspace(const SchedulerConfig& config, int64_t n, int64_t num) {
  std::vector<double> timesteps;
  const double last = static_cast<double>(config.num_train_timesteps - 1);
  const double gap = num > 1 ? last / static_cast<double>(num - 1) : 0;
  for (int64_t i = 0; i < n; ++i) timesteps.push_back(static_cast<double>(num - 1 - i) * gap);
  return timesteps;
}

std::vector<double> leading(const SchedulerConfig& config, int64_t n, int64_t num) {
  std::vector<double> timesteps;
  const int64_t gap = config.num_train_timesteps / num;
  for (int64_t i = 0; i < n; ++i) {
    timesteps.push_back(static_cast<double>((num - 1 - i) * gap + config.steps_offset));
  }
  return timesteps;
}

std::vector<double> trailing(const SchedulerConfig& config, int64_t n) {
  std::vector<double> timesteps;
  const auto total = static_cast<double>(config.num_train_timesteps);
  const double gap = total / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) {
    timesteps.push_back(rounded(total - static_cast<double>(i) * gap) - 1);
  }
  return timesteps;
}

/// Not rounded for linspace.
std::vector<double> spaced(const SchedulerConfig& config, int64_t n) {
  const int64_t num = config.kind == SchedulerKind::dpmpp_2m ? n + 1 : n;
  switch (config.timestep_spacing) {
    case TimestepSpacing::linspace:
      return linspace(config, n, num);
    case TimestepSpacing::leading:
      return leading(config, n, num);
    case TimestepSpacing::trailing:
      return trailing(config, n);
  }
  throw InternalError("[spaced] no such spacing");
}

void require_steps(const SchedulerConfig& config, int64_t n) {
  const bool one_more = config.kind == SchedulerKind::dpmpp_2m &&
                        config.timestep_spacing != TimestepSpacing::trailing;
  const int64_t most = config.num_train_timesteps - (one_more ? 1 : 0);
  VITRINE_REQUIRE(n >= 1 && n <= most, "[set_timesteps] num_inference_steps: expected 1 to ", most,
                  " (num_train_timesteps), got ", n);
}

void require_inside(const SchedulerConfig& config, double highest) {
  VITRINE_REQUIRE(highest < static_cast<double>(config.num_train_timesteps),
                  "[set_timesteps] steps_offset ", config.steps_offset, " leads to timestep ",
                  highest, ": expected below ", config.num_train_timesteps);
}

/// Evenly among the steps that the model was distilled with.
std::vector<int64_t> lcm_timesteps(const SchedulerConfig& config, int64_t n) {
  const int64_t origin = config.original_inference_steps;
  VITRINE_REQUIRE(n <= origin, "[set_timesteps] num_inference_steps: expected 1 to ", origin,
                  " (original_inference_steps), got ", n);
  const int64_t gap = config.num_train_timesteps / origin;
  // A product of doubles, as numpy.linspace has it: it may lie just below an integer.
  const double stride = static_cast<double>(origin) / static_cast<double>(n);
  std::vector<int64_t> timesteps;
  for (int64_t i = 0; i < n; ++i) {
    const auto skipped = static_cast<int64_t>(std::floor(static_cast<double>(i) * stride));
    timesteps.push_back((origin - skipped) * gap - 1);
  }
  return timesteps;
}

void use_karras(const SchedulerConfig& config, const NoiseSchedule& schedule, SigmaPlan& plan) {
  const bool whole_range = config.kind == SchedulerKind::dpmpp_2m;  // else that of the spacing
  const double high =
      whole_range ? schedule.sigma(schedule.num_train_timesteps() - 1) : plan.sigmas.front();
  const double low = whole_range ? schedule.sigma(0) : plan.sigmas.back();
  plan.sigmas = karras_sigmas(low, high, static_cast<int64_t>(plan.timesteps.size()));
  for (size_t i = 0; i < plan.sigmas.size(); ++i) {
    const double timestep = schedule.timestep_of(plan.sigmas[i]);
    plan.timesteps[i] = whole_range ? rounded(timestep) : timestep;
  }
}

}  // namespace

std::vector<int64_t> timestep_plan(const SchedulerConfig& config, int64_t num_inference_steps) {
  require_steps(config, num_inference_steps);
  if (config.kind == SchedulerKind::lcm) return lcm_timesteps(config, num_inference_steps);
  const std::vector<double> levels = spaced(config, num_inference_steps);
  require_inside(config, levels.front());
  std::vector<int64_t> timesteps;
  for (const double level : levels) timesteps.push_back(static_cast<int64_t>(rounded(level)));
  if (config.kind == SchedulerKind::pndm && timesteps.size() > 1) {
    const int64_t second = timesteps[1];
    timesteps.insert(timesteps.begin() + 1, second);
  }
  return timesteps;
}

SigmaPlan sigma_plan(const SchedulerConfig& config, const NoiseSchedule& schedule,
                     int64_t num_inference_steps) {
  require_steps(config, num_inference_steps);
  SigmaPlan plan;
  plan.timesteps = spaced(config, num_inference_steps);
  require_inside(config, plan.timesteps.front());
  for (double& timestep : plan.timesteps) {
    if (config.kind == SchedulerKind::dpmpp_2m) timestep = rounded(timestep);
    plan.sigmas.push_back(schedule.sigma_between(timestep));
  }
  if (config.use_karras_sigmas && config.kind != SchedulerKind::euler_a) {
    use_karras(config, schedule, plan);
  }
  const bool to_least = config.kind != SchedulerKind::euler_a &&
                        config.final_sigmas_type == FinalSigmasType::sigma_min;
  plan.sigmas.push_back(to_least ? schedule.sigma(0) : 0);
  return plan;
}

std::vector<double> karras_sigmas(double sigma_min, double sigma_max, int64_t n) {
  constexpr double kRho = 7;
  const double low = std::pow(sigma_min, 1 / kRho), high = std::pow(sigma_max, 1 / kRho);
  std::vector<double> sigmas;
  for (int64_t i = 0; i < n; ++i) {
    const double ramp = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0;
    sigmas.push_back(std::pow(high + ramp * (low - high), kRho));
  }
  return sigmas;
}

}  // namespace vitrine::diffusion
