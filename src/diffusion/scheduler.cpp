#include "diffusion/scheduler.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "diffusion/alpha_schedulers.h"
#include "diffusion/sigma_schedulers.h"

namespace vitrine::diffusion {

NoiseScheduler::NoiseScheduler(const SchedulerConfig& config)
    : config_(config), schedule_(config) {}

void NoiseScheduler::set_timesteps(int64_t num_inference_steps) {
  timesteps_ = plan(num_inference_steps);
  begin(0);
}

void NoiseScheduler::begin(int64_t first_step) {
  require_step("begin", first_step);
  next_step_ = first_step;
  forget();
}

at::Tensor NoiseScheduler::scale_model_input(const at::Tensor& latents, int64_t) const {
  return latents;
}

bool NoiseScheduler::needs_noise(int64_t) const { return false; }

void NoiseScheduler::require_step(const char* where, int64_t step) const {
  VITRINE_REQUIRE(num_steps() > 0, "[", where, "] set_timesteps was not called");
  VITRINE_REQUIRE(step >= 0 && step < num_steps(), "[", where, "] step: expected 0 to ",
                  num_steps() - 1, ", got ", step);
}

at::Tensor NoiseScheduler::step(const at::Tensor& noise_pred, const at::Tensor& latents,
                                int64_t step, const at::Tensor& noise) {
  require_step("step", step);
  VITRINE_REQUIRE(step == next_step_, "[step] expected step ", next_step_, ", got ", step);
  VITRINE_REQUIRE(noise_pred.sizes() == latents.sizes(), "[step] noise_pred: expected ",
                  latents.sizes(), " as the latents, got ", noise_pred.sizes());
  if (needs_noise(step)) {
    VITRINE_REQUIRE(noise.defined() && noise.sizes() == latents.sizes(),
                    "[step] noise: ", word_of(config_.kind), " expects ", latents.sizes(),
                    " at step ", step, ", got ", noise.defined() ? concat(noise.sizes()) : "none");
  }
  at::Tensor next = advance(noise_pred.to(at::kFloat), latents.to(at::kFloat), step, noise);
  ++next_step_;
  return next;
}

at::Tensor NoiseScheduler::add_noise(const at::Tensor& original, const at::Tensor& noise,
                                     int64_t step) const {
  require_step("add_noise", step);
  const auto [of_original, of_noise] = parts(step);
  return at::add(original.to(at::kFloat) * of_original, noise.to(at::kFloat), of_noise);
}

std::unique_ptr<NoiseScheduler> make_noise_scheduler(const SchedulerConfig& config) {
  switch (config.kind) {
    case SchedulerKind::ddim:
      return std::make_unique<DdimScheduler>(config);
    case SchedulerKind::pndm:
      return std::make_unique<PndmScheduler>(config);
    case SchedulerKind::lcm:
      return std::make_unique<LcmScheduler>(config);
    case SchedulerKind::euler:
      return std::make_unique<EulerScheduler>(config);
    case SchedulerKind::euler_a:
      return std::make_unique<EulerAncestralScheduler>(config);
    case SchedulerKind::dpmpp_2m:
      return std::make_unique<DpmSolverScheduler>(config);
  }
  throw InternalError("[make_noise_scheduler] no such kind");
}

}  // namespace vitrine::diffusion
