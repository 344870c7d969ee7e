#include "diffusion/training_noise.h"

#include <ATen/ATen.h>

#include <functional>

#include "base/error.h"

namespace vitrine::diffusion {
namespace {

/// value(t) of each timestep, [B] float32 on the CPU.
at::Tensor per_timestep(const at::Tensor& timesteps, const std::function<double(int64_t)>& value) {
  VITRINE_REQUIRE(timesteps.dim() == 1 && timesteps.scalar_type() == at::kLong,
                  "[training_noise] timesteps: expected [B] of int64, got ", timesteps.sizes(),
                  " of ", timesteps.scalar_type());
  const at::Tensor host = timesteps.cpu().contiguous();
  at::Tensor values = at::empty({host.size(0)}, at::kFloat);
  const int64_t* from = host.const_data_ptr<int64_t>();
  float* to = values.mutable_data_ptr<float>();
  for (int64_t i = 0; i < host.size(0); ++i) to[i] = static_cast<float>(value(from[i]));
  return values;
}

/// [B, 1, 1, ...] beside samples.
at::Tensor beside(const at::Tensor& values, const at::Tensor& samples) {
  std::vector<int64_t> shape(static_cast<size_t>(samples.dim()), 1);
  shape[0] = values.size(0);
  return values.to(samples.device()).view(shape);
}

void require_batch(const at::Tensor& samples, const at::Tensor& noise,
                   const at::Tensor& timesteps) {
  VITRINE_REQUIRE(samples.sizes() == noise.sizes(), "[training_noise] noise: expected ",
                  samples.sizes(), " as the samples, got ", noise.sizes());
  VITRINE_REQUIRE(samples.dim() >= 1 && timesteps.numel() == samples.size(0),
                  "[training_noise] timesteps: expected one for each of ", samples.sizes(),
                  ", got ", timesteps.numel());
}

/// The alphas and sigmas of the timesteps beside the samples.
std::pair<at::Tensor, at::Tensor> levels(const NoiseSchedule& schedule, const at::Tensor& samples,
                                         const at::Tensor& timesteps) {
  const at::Tensor alphas =
      per_timestep(timesteps, [&](int64_t t) { return schedule.level(t).alpha; });
  const at::Tensor sigmas =
      per_timestep(timesteps, [&](int64_t t) { return schedule.level(t).sigma; });
  return {beside(alphas, samples), beside(sigmas, samples)};
}

}  // namespace

at::Tensor add_noise(const NoiseSchedule& schedule, const at::Tensor& samples,
                     const at::Tensor& noise, const at::Tensor& timesteps) {
  require_batch(samples, noise, timesteps);
  const auto [alphas, sigmas] = levels(schedule, samples, timesteps);
  return alphas * samples.to(at::kFloat) + sigmas * noise.to(at::kFloat);
}

at::Tensor get_velocity(const NoiseSchedule& schedule, const at::Tensor& samples,
                        const at::Tensor& noise, const at::Tensor& timesteps) {
  require_batch(samples, noise, timesteps);
  const auto [alphas, sigmas] = levels(schedule, samples, timesteps);
  return alphas * noise.to(at::kFloat) - sigmas * samples.to(at::kFloat);
}

at::Tensor snr(const NoiseSchedule& schedule, const at::Tensor& timesteps) {
  return per_timestep(timesteps, [&](int64_t t) { return schedule.snr(t); });
}

}  // namespace vitrine::diffusion
