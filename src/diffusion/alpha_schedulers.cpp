#include "diffusion/alpha_schedulers.h"

#include <ATen/ATen.h>

#include <cmath>

#include "diffusion/latent_math.h"
#include "diffusion/step_plan.h"

namespace vitrine::diffusion {
namespace {

std::vector<double> as_double(const std::vector<int64_t>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

NoiseLevel AlphaScheduler::level_or_final(int64_t timestep) const {
  if (timestep >= 0) return schedule().level(timestep);
  return config().set_alpha_to_one ? NoiseLevel{1, 0} : schedule().level(0);
}

at::Tensor AlphaScheduler::original(const at::Tensor& output, const at::Tensor& latents,
                                    NoiseLevel level) const {
  const at::Tensor sample =
      mixed(predicted_original(config().prediction_type, level), latents, output);
  if (!config().clip_sample) return sample;
  return sample.clamp(-config().clip_sample_range, config().clip_sample_range);
}

std::pair<double, double> AlphaScheduler::parts(int64_t step) const {
  const NoiseLevel level = added_[static_cast<size_t>(step)];
  return {level.alpha, level.sigma};
}

// ---- DDIM ----

DdimScheduler::DdimScheduler(const SchedulerConfig& config) : AlphaScheduler(config) {}

std::vector<double> DdimScheduler::plan(int64_t num_inference_steps) {
  const std::vector<int64_t> timesteps = timestep_plan(config(), num_inference_steps);
  const int64_t gap = config().num_train_timesteps / num_inference_steps;
  levels_.clear();
  added_.clear();
  for (const int64_t timestep : timesteps) {
    levels_.push_back({schedule().level(timestep), level_or_final(timestep - gap)});
    added_.push_back(levels_.back().from);
  }
  return as_double(timesteps);
}

at::Tensor DdimScheduler::advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                                  const at::Tensor&) {
  const auto [from, to] = levels(step);
  const at::Tensor noise = mixed(predicted_noise(config().prediction_type, from), latents, output);
  return at::add(original(output, latents, from) * to.alpha, noise, to.sigma);
}

// ---- PNDM ----

PndmScheduler::PndmScheduler(const SchedulerConfig& config) : AlphaScheduler(config) {}

std::vector<double> PndmScheduler::plan(int64_t num_inference_steps) {
  plan_ = timestep_plan(config(), num_inference_steps);
  gap_ = config().num_train_timesteps / num_inference_steps;
  added_.clear();
  for (const int64_t timestep : plan_) added_.push_back(schedule().level(timestep));
  return as_double(plan_);
}

void PndmScheduler::forget() {
  done_ = 0;
  outputs_.clear();
  first_latents_.reset();
}

/// Adams-Bashforth over the outputs so far.
at::Tensor PndmScheduler::combined_output(const at::Tensor& output) {
  if (done_ == 1) return (output + outputs_.back()) / 2;
  if (outputs_.size() == 4) outputs_.erase(outputs_.begin());
  outputs_.push_back(output);
  const auto back = [&](size_t idx) { return outputs_[outputs_.size() - idx]; };
  switch (outputs_.size()) {
    case 1:
      return output;
    case 2:
      return (3 * back(1) - back(2)) / 2;
    case 3:
      return (23 * back(1) - 16 * back(2) + 5 * back(3)) / 12;
    default:
      return (55 * back(1) - 59 * back(2) + 37 * back(3) - 9 * back(4)) / 24;
  }
}

at::Tensor PndmScheduler::advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                                  const at::Tensor&) {
  const int64_t timestep = plan_[static_cast<size_t>(step)];
  const bool repeats = done_ == 1;
  const NoiseLevel from = schedule().level(repeats ? timestep + gap_ : timestep);
  const NoiseLevel to = level_or_final(repeats ? timestep : timestep - gap_);
  const at::Tensor combined = combined_output(output);
  if (done_ == 0) first_latents_ = latents;
  const at::Tensor sample = repeats ? first_latents_ : latents;
  ++done_;
  const at::Tensor noise = mixed(predicted_noise(config().prediction_type, from), sample, combined);
  const double kept = to.alpha / from.alpha;
  return at::add(sample * kept, noise, to.sigma - from.sigma * kept);
}

// ---- LCM ----

LcmScheduler::LcmScheduler(const SchedulerConfig& config) : AlphaScheduler(config) {}

std::vector<double> LcmScheduler::plan(int64_t num_inference_steps) {
  constexpr double kSigmaData = 0.5;
  const std::vector<int64_t> timesteps = timestep_plan(config(), num_inference_steps);
  levels_.clear();
  added_.clear();
  boundaries_.clear();
  for (size_t i = 0; i < timesteps.size(); ++i) {
    const int64_t next = i + 1 < timesteps.size() ? timesteps[i + 1] : timesteps[i];
    levels_.push_back({schedule().level(timesteps[i]), schedule().level(next)});
    added_.push_back(levels_.back().from);
    const double scaled = static_cast<double>(timesteps[i]) * config().timestep_scaling;
    const double squares = scaled * scaled + kSigmaData * kSigmaData;
    boundaries_.push_back({kSigmaData * kSigmaData / squares, scaled / std::sqrt(squares)});
  }
  return as_double(timesteps);
}

at::Tensor LcmScheduler::advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                                 const at::Tensor& noise) {
  const auto [from, to] = levels(step);
  const at::Tensor denoised =
      mixed(boundaries_[static_cast<size_t>(step)], latents, original(output, latents, from));
  if (!needs_noise(step)) return denoised;
  return at::add(denoised * to.alpha, noise.to(at::kFloat), to.sigma);
}

}  // namespace vitrine::diffusion
