// diffusion/sigma_schedulers.h - the schedulers that step between noise levels: Euler, Euler
// ancestral, DPM-Solver++ (2M).
//
// The interface, with shapes and what is thrown, is that of NoiseScheduler.
#pragma once
#include <vector>

#include "diffusion/scheduler.h"
#include "diffusion/step_plan.h"

namespace vitrine::diffusion {

/// What the three share: a sigma before and after each step.
class SigmaScheduler : public NoiseScheduler {
 protected:
  using NoiseScheduler::NoiseScheduler;
  /// Throws InvalidInput outside [0, num_steps], so also before set_timesteps.
  double sigma(int64_t step) const;
  std::vector<double> plan(int64_t num_inference_steps) override;

 private:
  std::vector<double> sigmas_;  // [num_steps + 1]
};

/// What the two Euler methods share: latents are x0 + sigma * noise, not scaled to unit variance.
class EulerBase : public SigmaScheduler {
 public:
  double init_noise_sigma() const override;
  at::Tensor scale_model_input(const at::Tensor& latents, int64_t step) const override;

 protected:
  using SigmaScheduler::SigmaScheduler;
  std::pair<double, double> parts(int64_t step) const override { return {1, sigma(step)}; }
  /// Along the line from the clean sample that the model says, to the noise `to`.
  at::Tensor moved(const at::Tensor& output, const at::Tensor& latents, double from,
                   double to) const;
};

/// Karras et al. 2022 (arXiv 2206.00364), algorithm 2 without churn and correction.
class EulerScheduler final : public EulerBase {
 public:
  explicit EulerScheduler(const SchedulerConfig& config);

 protected:
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;
};

/// Euler's method to a lower level than the next, and noise up to it (Song et al. 2021, arXiv
/// 2010.02502, with eta = 1), as in k-diffusion.
class EulerAncestralScheduler final : public EulerBase {
 public:
  explicit EulerAncestralScheduler(const SchedulerConfig& config);
  bool needs_noise(int64_t step) const override { return sigma(step + 1) > 0; }

 protected:
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;
};

/// Lu et al. 2022 (arXiv 2211.01095), algorithm 2 (multistep, second order, midpoint). Latents have
/// unit variance.
class DpmSolverScheduler final : public SigmaScheduler {
 public:
  explicit DpmSolverScheduler(const SchedulerConfig& config);

 protected:
  void forget() override { last_original_.reset(); }
  at::Tensor advance(const at::Tensor& output, const at::Tensor& latents, int64_t step,
                     const at::Tensor& noise) override;
  std::pair<double, double> parts(int64_t step) const override;

 private:
  bool first_order(int64_t step) const;

  at::Tensor last_original_;  // what the model said at the step before
};

}  // namespace vitrine::diffusion
