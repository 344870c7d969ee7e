// train/vae_objective.h - a VAE learns to give pictures back from few latents.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/trainable.h"
#include "models/vae/config.h"
#include "nn/tensor_scope.h"
#include "train/step_objective.h"
#include "train/vae_loss_config.h"

namespace vitrine::train {

/// loss = |decoded - picture| + gradient_weight |d(decoded) - d(picture)| + kl_weight KL, each a mean.
class VaeObjective final : public StepObjective {
 public:
  /// pictures, validation [N, 3, H, W] uint8. parameters: of vae_weight_specs(config); all must outlive the objective.
  /// data: what the state belongs to besides, such as the data's hash.
  VaeObjective(const models::VaeConfig& config, nn::ParameterStore& parameters, at::Tensor pictures, at::Tensor validation,
               const VaeLossConfig& loss, models::ComputeType dtype, Json data);

  nn::ParameterStore& parameters() override { return parameters_; }
  double forward_backward(int batch_size, RandomKey key) override;
  /// "validation L1" on whole pictures (0 to 2), "PSNR" in dB, "latent std".
  Measures validate() override;
  void weights_changed() override { tensors_.weights_changed(); }
  std::string sample_png() override;  // pictures above, their reconstructions below
  Json settings() const override;

 private:
  at::Tensor crops(int batch_size, RandomKey key) const;
  at::Tensor reconstructed(const at::Tensor& pictures, at::Tensor* mean) const;

  const models::VaeConfig& config_;
  nn::ParameterStore& parameters_;
  at::Tensor pictures_, validation_;
  VaeLossConfig loss_;
  Json data_;
  nn::TrainedTensors tensors_;
};

}  // namespace vitrine::train
