// diffusion/scheduler.h - noise schedulers: from the output of a model to cleaner latents.
//
// Six solvers, equal to those of the diffusers library (tests/golden/schedulers_golden_test.cpp).
// Coefficients are computed once, in double; latents are float32 on any device. A scheduler draws
// no random numbers: noise is given to it.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diffusion/noise_schedule.h"
#include "diffusion/scheduler_config.h"

namespace vitrine::diffusion {

/// Call order: set_timesteps, begin?, (scale_model_input, step)*, the steps in their order.
/// Solvers of several steps keep outputs of the model between the calls, so one object serves one
/// run at a time.
class NoiseScheduler {
 public:
  explicit NoiseScheduler(const SchedulerConfig& config);
  virtual ~NoiseScheduler() = default;
  NoiseScheduler(const NoiseScheduler&) = delete;
  NoiseScheduler& operator=(const NoiseScheduler&) = delete;

  const SchedulerConfig& config() const { return config_; }
  const NoiseSchedule& schedule() const { return schedule_; }

  /// Plans a run and begins it at its first step. Throws what timestep_plan and sigma_plan throw.
  void set_timesteps(int64_t num_inference_steps);

  /// Begins the run at a later step, as a picture that is changed in part does. Throws
  /// InvalidInput.
  void begin(int64_t first_step);

  int64_t num_steps() const { return static_cast<int64_t>(timesteps_.size()); }
  /// What the model is told at each step. [num_steps], from the noisiest to the cleanest.
  std::span<const double> timesteps() const { return timesteps_; }

  /// What unit-variance noise is multiplied with to be the latents of the first step.
  virtual double init_noise_sigma() const { return 1; }

  /// The latents as the model takes them at `step`.
  virtual at::Tensor scale_model_input(const at::Tensor& latents, int64_t step) const;

  /// Whether `step` adds noise.
  virtual bool needs_noise(int64_t step) const;

  /// The latents after `step`.
  ///   noise_pred  any float type; what the model said, guidance applied
  ///   latents     float32, of the same shape: what scale_model_input was given
  ///   noise       unit variance, of the same shape; undefined where needs_noise is false
  /// Throws InvalidInput for a step out of order, shapes that differ, and noise that is missing.
  at::Tensor step(const at::Tensor& noise_pred, const at::Tensor& latents, int64_t step,
                  const at::Tensor& noise = {});

  /// Clean latents with the noise that they have before `step`. float32.
  at::Tensor add_noise(const at::Tensor& original, const at::Tensor& noise, int64_t step) const;

 protected:
  /// The part of a kind in set_timesteps; returns the timesteps.
  virtual std::vector<double> plan(int64_t num_inference_steps) = 0;
  /// Forgets what was kept of earlier steps.
  virtual void forget() {}
  /// The part of a kind in step; all tensors are float32, everything is checked.
  virtual at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                             const at::Tensor& noise) = 0;
  /// latents = first * original + second * noise before `step`.
  virtual std::pair<double, double> parts(int64_t step) const = 0;

 private:
  void require_step(const char* where, int64_t step) const;

  SchedulerConfig config_;
  NoiseSchedule schedule_;
  std::vector<double> timesteps_;
  int64_t next_step_ = 0;
};

/// The scheduler of config.kind. Throws what validate throws.
std::unique_ptr<NoiseScheduler> make_noise_scheduler(const SchedulerConfig& config);

}  // namespace vitrine::diffusion
