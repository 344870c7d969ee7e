#include "diffusion/network_models.h"

#include <ATen/ATen.h>

namespace vitrine::diffusion {
namespace {

/// Convolutions are fastest so.
at::Tensor channels_last(const at::Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

ModelShapes NetworkModels::shapes() const {
  const models::VaeConfig& vae = networks_.vae_config;
  return {.latent_channels = vae.latent_channels,
          .in_channels = networks_.unet_config.in_channels,
          .downscale = vae.downscale(),
          .tile_size = vae.sample_size,
          .scaling_factor = vae.scaling_factor,
          .time_cond_proj_dim = networks_.unet_config.time_cond_proj_dim};
}

at::Tensor NetworkModels::text_states(const at::Tensor& ids) {
  const models::TextPass pass{.source = networks_.adapted_text};
  return networks_.text_encoder.states(ids.to(networks_.device), pass).to(at::kFloat);
}

at::Tensor NetworkModels::predict_noise(const at::Tensor& latents, const at::Tensor& timesteps,
                                        Condition& condition) {
  models::UNetPass pass{.context_cache = &condition.cache};
  pass.timestep_cond = condition.timestep_cond;
  return models::unet_forward(networks_.unet_config, nn::TensorScope(networks_.unet),
                              channels_last(latents), timesteps, condition.states, pass);
}

models::LatentDistribution NetworkModels::encode(const at::Tensor& pictures) {
  const models::LatentDistribution found = models::vae_encode(
      networks_.vae_config, nn::TensorScope(networks_.vae), channels_last(pictures));
  return {found.mean.to(at::kFloat), found.logvar.to(at::kFloat)};
}

at::Tensor NetworkModels::decode(const at::Tensor& latents) {
  return models::vae_decode(networks_.vae_config, nn::TensorScope(networks_.vae),
                            channels_last(latents))
      .to(at::kFloat);
}

}  // namespace vitrine::diffusion
