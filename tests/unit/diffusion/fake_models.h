// A text-to-image model of a few sums, which remembers what it was asked.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "diffusion/models.h"

namespace vitrine::diffusion {

class FakeModels final : public DiffusionModels {
 public:
  ModelShapes shape;
  double deviation = 0;                // of what encode says
  std::vector<int64_t> batches;        // of each predict_noise
  std::vector<at::Tensor> inputs;      // of each predict_noise
  std::vector<at::Tensor> conditions;  // timestep_cond of each predict_noise
  int64_t texts = 0;                   // chunks whose states were asked for

  ModelShapes shapes() const override { return shape; }
  at::Device device() const override { return at::Device(at::kCPU); }

  /// [N, T, 2]: the id, and its place.
  at::Tensor text_states(const at::Tensor& ids) override {
    texts += ids.size(0);
    const at::Tensor places = at::arange(ids.size(1), at::kFloat).expand(ids.sizes());
    return at::stack({ids.to(at::kFloat) / 1000, places / 100}, -1);
  }

  /// Each picture by itself: a share of the latents, of the text and of the timestep.
  at::Tensor predict_noise(const at::Tensor& latents, const at::Tensor& timesteps,
                           Condition& condition) override {
    batches.push_back(latents.size(0));
    inputs.push_back(latents.clone());
    conditions.push_back(condition.timestep_cond);
    const at::Tensor text = condition.states.mean({1, 2}).view({-1, 1, 1, 1});
    const at::Tensor time = timesteps.view({-1, 1, 1, 1}) / 1000;
    return latents.slice(1, 0, shape.latent_channels) * 0.3 + text * 0.1 + time * 0.05;
  }

  /// The mean of each square of pixels, in all channels.
  models::LatentDistribution encode(const at::Tensor& pictures) override {
    const at::Tensor mean =
        at::avg_pool2d(pictures.mean(1, true), {shape.downscale, shape.downscale})
            .expand({-1, shape.latent_channels, -1, -1});
    const double logvar = deviation > 0 ? 2 * std::log(deviation) : -30;
    return {mean, at::full(mean.sizes(), logvar)};
  }

  at::Tensor decode(const at::Tensor& latents) override {
    const at::Tensor rgb = latents.slice(1, 0, 3);
    return rgb.repeat_interleave(shape.downscale, 2).repeat_interleave(shape.downscale, 3);
  }
};

}  // namespace vitrine::diffusion
