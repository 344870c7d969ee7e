#include "diffusion/sigma_schedulers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "diffusion/latent_math.h"

namespace vitrine::diffusion {

std::vector<double> SigmaScheduler::plan(int64_t num_inference_steps) {
  SigmaPlan plan = sigma_plan(config(), schedule(), num_inference_steps);
  sigmas_ = std::move(plan.sigmas);
  return std::move(plan.timesteps);
}

double SigmaScheduler::sigma(int64_t step) const {
  VITRINE_REQUIRE(step >= 0 && step < static_cast<int64_t>(sigmas_.size()),
                  "[NoiseScheduler] step: expected 0 to ", num_steps() - 1, ", got ", step);
  return sigmas_[static_cast<size_t>(step)];
}

// ---- Euler ----

double EulerBase::init_noise_sigma() const {
  const double highest = sigma(0);
  const bool leading = config().timestep_spacing == TimestepSpacing::leading;
  return leading ? std::sqrt(highest * highest + 1) : highest;
}

at::Tensor EulerBase::scale_model_input(const at::Tensor& latents, int64_t step) const {
  return latents * level_of_sigma(sigma(step)).alpha;
}

at::Tensor EulerBase::moved(const at::Tensor& output, const at::Tensor& latents, double from,
                            double to) const {
  const NoiseLevel level = level_of_sigma(from);
  Mix mix = predicted_original(config().prediction_type, level);
  mix.latents *= level.alpha;  // the model saw latents of unit variance
  const at::Tensor original = mixed(mix, latents, output);
  return at::add(latents * (to / from), original, 1 - to / from);
}

EulerScheduler::EulerScheduler(const SchedulerConfig& config) : EulerBase(config) {}

at::Tensor EulerScheduler::advance(const at::Tensor& output, const at::Tensor& latents,
                                   int64_t step, const at::Tensor&) {
  return moved(output, latents, sigma(step), sigma(step + 1));
}

EulerAncestralScheduler::EulerAncestralScheduler(const SchedulerConfig& config)
    : EulerBase(config) {}

at::Tensor EulerAncestralScheduler::advance(const at::Tensor& output, const at::Tensor& latents,
                                            int64_t step, const at::Tensor& noise) {
  const double from = sigma(step), to = sigma(step + 1);
  const double up = to * std::sqrt(std::max(0.0, from * from - to * to)) / from;
  const double down = to * to / from;  // sqrt(to^2 - up^2)
  const at::Tensor lower = moved(output, latents, from, down);
  return needs_noise(step) ? at::add(lower, noise.to(at::kFloat), up) : lower;
}

// ---- DPM-Solver++ ----

DpmSolverScheduler::DpmSolverScheduler(const SchedulerConfig& config) : SigmaScheduler(config) {}

std::pair<double, double> DpmSolverScheduler::parts(int64_t step) const {
  const NoiseLevel level = level_of_sigma(sigma(step));
  return {level.alpha, level.sigma};
}

bool DpmSolverScheduler::first_order(int64_t step) const {
  constexpr int64_t kFewSteps = 15;
  const bool few = config().lower_order_final && num_steps() < kFewSteps;
  const bool to_zero = config().final_sigmas_type == FinalSigmasType::zero;
  const bool last = step + 1 == num_steps();
  return !last_original_.defined() || (last && (few || to_zero || config().euler_at_final));
}

at::Tensor DpmSolverScheduler::advance(const at::Tensor& output, const at::Tensor& latents,
                                       int64_t step, const at::Tensor&) {
  const double from_sigma = sigma(step), to_sigma = sigma(step + 1);
  const NoiseLevel from = level_of_sigma(from_sigma), to = level_of_sigma(to_sigma);
  const at::Tensor original =
      mixed(predicted_original(config().prediction_type, from), latents, output);
  at::Tensor ahead = original;  // the sample in the middle of the step
  if (!first_order(step)) {
    const double h = std::log(from_sigma / to_sigma);
    const double h_before = std::log(sigma(step - 1) / from_sigma);
    ahead = at::add(original, original - last_original_, 0.5 * h / h_before);
  }
  last_original_ = original;
  return at::add(latents * (to.sigma / from.sigma), ahead, to.alpha * (1 - to_sigma / from_sigma));
}

}  // namespace vitrine::diffusion
