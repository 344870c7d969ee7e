// diffusion/network_models.h - the networks of Stable Diffusion behind what the pipeline asks.
#pragma once
#include "diffusion/models.h"
#include "models/text_encoder.h"
#include "nn/tensor_scope.h"

namespace vitrine::diffusion {

/// What is loaded, on one device. A source may be that of an adapter, under the same names.
struct Networks {
  const models::TextEncoder& text_encoder;
  const models::UNetConfig& unet_config;
  const nn::TensorSource& unet;
  const models::VaeConfig& vae_config;
  const nn::TensorSource& vae;
  at::Device device = at::Device(at::kCPU);
  const nn::TensorSource* adapted_text = nullptr;  // in place of the text encoder's own tensors
};

/// All that `networks` refers to must outlive it.
class NetworkModels final : public DiffusionModels {
 public:
  explicit NetworkModels(const Networks& networks) : networks_(networks) {}

  ModelShapes shapes() const override;
  at::Device device() const override { return networks_.device; }
  at::Tensor text_states(const at::Tensor& ids) override;
  at::Tensor predict_noise(const at::Tensor& latents, const at::Tensor& timesteps,
                           Condition& condition) override;
  models::LatentDistribution encode(const at::Tensor& pictures) override;
  at::Tensor decode(const at::Tensor& latents) override;

 private:
  Networks networks_;
};

}  // namespace vitrine::diffusion
