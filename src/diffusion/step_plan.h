// diffusion/step_plan.h - which timesteps and noise levels a run of n steps goes through.
//
// Timesteps are those of the diffusers library's set_timesteps, from the noisiest to the cleanest.
#pragma once
#include <cstdint>
#include <vector>

#include "diffusion/noise_schedule.h"
#include "diffusion/scheduler_config.h"

namespace vitrine::diffusion {

/// The timesteps of ddim, pndm and lcm, integers. pndm has one more than n (the second one is there
/// twice, for its first two steps; with n = 1 just one), lcm those of its own choice.
/// Throws InvalidInput for n below 1 or above what the training steps or, for lcm,
/// original_inference_steps allow, and where steps_offset leads past the last timestep.
std::vector<int64_t> timestep_plan(const SchedulerConfig& config, int64_t num_inference_steps);

/// The steps of euler, euler_a and dpmpp_2m.
struct SigmaPlan {
  std::vector<double> timesteps;  // [n] what the model is told; euler's may lie between integers.
                                  // dpmpp_2m's are rounded (diffusers cuts those of Karras sigmas
                                  // on a cosine schedule, so that the first is one too low)
  std::vector<double> sigmas;  // [n + 1] noise beside an unscaled sample, descending; the last is
                               // 0, or the schedule's least with final_sigmas_type sigma_min
};

/// Throws InvalidInput as timestep_plan does.
SigmaPlan sigma_plan(const SchedulerConfig& config, const NoiseSchedule& schedule,
                     int64_t num_inference_steps);

/// n noise levels from the highest to the lowest, evenly spaced in sigma^(1/7).
/// Karras et al. 2022 (arXiv 2206.00364), equation 5.
std::vector<double> karras_sigmas(double sigma_min, double sigma_max, int64_t n);

}  // namespace vitrine::diffusion
