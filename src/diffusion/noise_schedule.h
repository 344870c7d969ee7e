// diffusion/noise_schedule.h - how much noise a model was trained with at each timestep.
//
// A sample at timestep t is sqrt(a) * x0 + sqrt(1 - a) * noise with a = alpha_cumprod(t), the
// product of 1 - beta up to t (Ho et al. 2020, equation 4). In double, computed once.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "diffusion/scheduler_config.h"

namespace vitrine::diffusion {

/// The parts of a sample: latents = alpha * x0 + sigma * noise, alpha^2 + sigma^2 = 1.
struct NoiseLevel {
  double alpha = 1;
  double sigma = 0;
};

/// Immutable.
class NoiseSchedule {
 public:
  /// Throws what validate throws.
  explicit NoiseSchedule(const SchedulerConfig& config);

  int64_t num_train_timesteps() const { return static_cast<int64_t>(alphas_cumprod_.size()); }
  /// Share of the variance that is signal, 0 to 1. Throws InvalidInput outside [0,
  /// num_train_timesteps).
  double alpha_cumprod(int64_t timestep) const;
  NoiseLevel level(int64_t timestep) const;
  /// a / (1 - a): the signal-to-noise ratio, for weights of the training loss.
  double snr(int64_t timestep) const;
  /// sqrt((1 - a) / a): noise beside a sample that is not scaled down. Where no signal is left a
  /// counts as 2^-24, so that it is finite.
  double sigma(int64_t timestep) const;
  /// The same between two timesteps, linear in the timestep. Clamped to the schedule.
  double sigma_between(double timestep) const;
  /// The inverse, linear in log sigma. Clamped to the schedule.
  double timestep_of(double sigma) const;

 private:
  std::vector<double> alphas_cumprod_;
};

/// The level of a noise `sigma` beside an unscaled sample.
NoiseLevel level_of_sigma(double sigma);

/// Weights of a sum of two tensors.
struct Mix {
  double latents = 0;
  double output = 0;
};

/// The sample, or the noise, that the output of a model says is in latents of a level
/// (Salimans and Ho 2022, appendix D, for v_prediction).
/// Throws InvalidInput where the level leaves it open (epsilon without signal, sample without
/// noise).
Mix predicted_original(PredictionType type, NoiseLevel level);
Mix predicted_noise(PredictionType type, NoiseLevel level);

}  // namespace vitrine::diffusion
