// train/vae_objective.h - a VAE learns to give pictures back from few latents.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/trainable.h"
#include "models/vae/config.h"
#include "models/vae/module.h"
#include "nn/tensor_scope.h"
#include "train/step_objective.h"
#include "train/vae_loss_config.h"

namespace vitrine::train {

/// What is in training; it must outlive the objective.
struct TrainedVae {
  const models::VaeConfig& config;
  nn::ParameterStore& parameters;  // of vae_weight_specs(config), without those that are frozen; for an adversarial loss those of a discriminator too
  const nn::TensorSource* frozen_encoder = nullptr;  // nullptr = the encoder is trained too
};

/// loss = |decoded - picture| + gradient_weight |d(decoded) - d(picture)| + kl_weight KL, each a mean; the adversarial loss adds
/// adversarial_weight -score + feature_weight |feature difference|, and what the discriminator itself learns from.
class VaeObjective final : public StepObjective {
 public:
  /// pictures, validation [N, 3, H, W] uint8.  data: what the state belongs to besides, such as the data's hash
  VaeObjective(const TrainedVae& vae, at::Tensor pictures, at::Tensor validation, const VaeLossConfig& loss, models::ComputeType dtype, Json data);

  nn::ParameterStore& parameters() override { return vae_.parameters; }
  double forward_backward(int batch_size, RandomKey key) override;
  /// "validation L1" on whole pictures (0 to 2), "PSNR" in dB, "latent std", "edges" = mean |gradient| of what is decoded over that of the pictures.
  Measures validate() override;
  void weights_changed() override { tensors_.weights_changed(); }
  std::string sample_png() override;  // pictures above, their reconstructions below
  Json settings() const override;

 private:
  at::Tensor crops(int batch_size, RandomKey key) const;
  models::LatentDistribution encoded(const at::Tensor& pictures) const;
  at::Tensor reconstructed(const at::Tensor& pictures, at::Tensor* mean) const;
  at::Tensor adversarial_loss(const at::Tensor& pictures, const at::Tensor& decoded) const;

  TrainedVae vae_;
  at::Tensor pictures_, validation_;
  VaeLossConfig loss_;
  Json data_;
  nn::TrainedTensors tensors_;
};

}  // namespace vitrine::train
