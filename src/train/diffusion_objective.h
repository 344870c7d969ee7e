// train/diffusion_objective.h - a diffusion model learns what noise was added to latents, given the states of a caption.
//
// Ho et al. 2020 (arXiv 2006.11239); velocity as target: Salimans and Ho 2022 (arXiv 2202.00512); captions left out at
// random for guidance: Ho and Salimans 2022 (arXiv 2207.12598). What of the model learns is the caller's choice: the tensors
// of the scopes may be frozen, trained or adapted.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "diffusion/noise_schedule.h"
#include "models/unet/module.h"
#include "nn/tensor_scope.h"
#include "train/diffusion_loss_config.h"
#include "train/step_objective.h"

namespace vitrine::train {

struct DiffusionNetworks {
  models::UNetConfig unet_config;
  nn::TensorScope unet;
  std::function<at::Tensor(const at::Tensor& input_ids)> text_states;  // [B, T] -> [B, T, C]
  diffusion::NoiseSchedule schedule;
  diffusion::PredictionType prediction_type;
};

/// Latents in memory and their captions as tokens.
struct CaptionedLatents {
  at::Tensor latents;           // [N, K, C, h, w] float32, scaled: K ways to cut and mirror each picture
  std::vector<double> weights;  // [N] how often a picture is drawn, >= 0, one of them > 0; empty = equally
  /// Tokens of picture `row`, padded to the text encoder's length; the same for the same key.
  std::function<std::vector<int32_t>(size_t row, RandomKey key)> input_ids;
  std::vector<int32_t> empty_ids;  // of no caption
};

/// What belongs to the caller: what learns, what is shown, what a state belongs to.
struct DiffusionHooks {
  std::function<void()> weights_changed;      // forget casts of changed weights
  double weight = 1;                          // of the diffusion loss; 0 = more_loss alone is trained
  std::function<std::string()> sample_png;    // may be empty
  std::function<Measures()> more_measures;    // behind the losses of validate(); may be empty
  std::function<at::Tensor(RandomKey)> more_loss;  // added to that of a step; may be empty, and may give an undefined tensor
  std::function<Measures()> more_validation;  // of more_loss on fixed examples: the first is added to "validation loss"; may be empty
  std::function<std::string()> alarm;         // as StepObjective::alarm; may be empty
  Json settings = Json::object();
};

class DiffusionObjective final : public StepObjective {
 public:
  /// `parameters` must outlive the objective. Throws InvalidInput for sets that do not fit together.
  DiffusionObjective(DiffusionNetworks networks, nn::ParameterStore& parameters, CaptionedLatents training, CaptionedLatents validation,
                     const DiffusionLossConfig& loss, DiffusionHooks hooks);

  nn::ParameterStore& parameters() override { return parameters_; }
  double forward_backward(int batch_size, RandomKey key) override;
  /// "validation loss" at fixed timesteps and noise, and "without caption", the same with no captions. With more_validation the first
  /// is the weighted sum of both losses, and "diffusion loss" is listed by itself.
  Measures validate() override;
  void weights_changed() override { hooks_.weights_changed(); }
  std::string sample_png() override { return hooks_.sample_png ? hooks_.sample_png() : std::string(); }
  std::string alarm() override { return hooks_.alarm ? hooks_.alarm() : std::string(); }
  Json settings() const override;
  /// The loss of each validation picture at its fixed timestep and noise.
  std::vector<double> validation_losses();

 private:
  struct Batch {
    at::Tensor latents, noise;  // [B, C, h, w] float32
    at::Tensor timesteps;       // [B] int64
    at::Tensor input_ids;       // [B, T] int64
  };
  Batch training_batch(int batch_size, RandomKey key) const;
  Batch validation_batch(int64_t begin, int64_t count, bool with_captions) const;
  /// Mean squared error of each picture, [B] float32, not weighted.
  at::Tensor losses(const Batch& batch) const;
  at::Tensor loss_weights(const at::Tensor& timesteps) const;
  std::vector<double> losses_of_validation(bool with_captions) const;

  DiffusionNetworks networks_;
  nn::ParameterStore& parameters_;
  CaptionedLatents training_, validation_;
  std::vector<double> cumulative_;  // of the training weights
  DiffusionLossConfig loss_;
  DiffusionHooks hooks_;
};

}  // namespace vitrine::train
