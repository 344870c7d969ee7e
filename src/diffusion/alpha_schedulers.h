// diffusion/alpha_schedulers.h - the schedulers that step between trained timesteps: DDIM, PNDM,
// LCM.
//
// Their latents have unit variance at every level: alpha * x0 + sigma * noise. The interface, with
// shapes and what is thrown, is that of NoiseScheduler.
#pragma once
#include <vector>

#include "diffusion/scheduler.h"

namespace vitrine::diffusion {

/// What the three share: a level before and after each step.
class AlphaScheduler : public NoiseScheduler {
 protected:
  using NoiseScheduler::NoiseScheduler;
  struct Levels {
    NoiseLevel from, to;
  };

  const Levels& levels(int64_t step) const { return levels_[static_cast<size_t>(step)]; }
  /// The level at a timestep; before timestep 0 that of a clean sample (set_alpha_to_one) or of
  /// timestep 0.
  NoiseLevel level_or_final(int64_t timestep) const;
  /// What the output of the model says the clean sample is, clipped when the config says so.
  at::Tensor original(const at::Tensor& output, const at::Tensor& latents, NoiseLevel level) const;
  std::pair<double, double> parts(int64_t step) const override;

  std::vector<Levels> levels_;
  std::vector<NoiseLevel> added_;  // the level of each step's timestep, which add_noise goes by
};

/// Song et al. 2021 (arXiv 2010.02502), equation 12 with eta = 0.
class DdimScheduler final : public AlphaScheduler {
 public:
  explicit DdimScheduler(const SchedulerConfig& config);

 protected:
  std::vector<double> plan(int64_t num_inference_steps) override;
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;
};

/// Liu et al. 2022 (arXiv 2202.09778), linear multistep with up to four outputs, without
/// Runge-Kutta steps: the second step repeats the first one with the mean of two outputs.
/// A run that begins later than its first step repeats that one alike, and reads the timestep of
/// the step after it one level too low, as in diffusers.
class PndmScheduler final : public AlphaScheduler {
 public:
  explicit PndmScheduler(const SchedulerConfig& config);

 protected:
  std::vector<double> plan(int64_t num_inference_steps) override;
  void forget() override;
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;

 private:
  at::Tensor combined_output(const at::Tensor& output);

  std::vector<int64_t> plan_;
  int64_t gap_ = 0;                  // timesteps of one step
  int64_t done_ = 0;                 // steps since the run began
  std::vector<at::Tensor> outputs_;  // of up to four steps, the latest last
  at::Tensor first_latents_;         // of the step that is repeated
};

/// Luo et al. 2023 (arXiv 2310.04378): the sample that the model says, noised anew to the next
/// level.
class LcmScheduler final : public AlphaScheduler {
 public:
  explicit LcmScheduler(const SchedulerConfig& config);
  bool needs_noise(int64_t step) const override { return step + 1 < num_steps(); }

 protected:
  std::vector<double> plan(int64_t num_inference_steps) override;
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;

 private:
  std::vector<Mix> boundaries_;  // of latents and original, for each step
};

}  // namespace vitrine::diffusion
