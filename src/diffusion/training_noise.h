// diffusion/training_noise.h - noise and targets of the training of a diffusion model.
#pragma once
#include <ATen/core/Tensor.h>

#include "diffusion/noise_schedule.h"

namespace vitrine::diffusion {

/// sqrt(a_t) * samples + sqrt(1 - a_t) * noise (Ho et al. 2020, equation 4).
///   samples, noise  [B, ...] float32, of the same shape and device
///   timesteps       [B] int64, on any device, 0 to num_train_timesteps - 1
/// Returns float32. Throws InvalidInput for shapes that do not fit and timesteps out of range.
at::Tensor add_noise(const NoiseSchedule& schedule, const at::Tensor& samples,
                     const at::Tensor& noise, const at::Tensor& timesteps);

/// sqrt(a_t) * noise - sqrt(1 - a_t) * samples: the target of v_prediction (Salimans and Ho 2022).
at::Tensor get_velocity(const NoiseSchedule& schedule, const at::Tensor& samples,
                        const at::Tensor& noise, const at::Tensor& timesteps);

/// The signal-to-noise ratio at each timestep, [B] float32 on the CPU: for min-SNR weights
/// (Hang et al. 2023).
at::Tensor snr(const NoiseSchedule& schedule, const at::Tensor& timesteps);

}  // namespace vitrine::diffusion
