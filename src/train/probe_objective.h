// train/probe_objective.h - a classifier of product pictures learns from labelled ones.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "models/probe/config.h"
#include "models/trainable.h"
#include "nn/tensor_scope.h"
#include "train/probe_loss_config.h"
#include "train/step_objective.h"

namespace vitrine::train {

struct LabelledPictures {
  at::Tensor pixels;            // [N, 3, H', W'] uint8, a little larger than the probe's pictures or equal to them
  std::vector<int64_t> labels;  // [N] classes
};

/// Cross-entropy over cut, mirrored, blended and partly erased pictures; colours stay as they are.
class ProbeObjective final : public StepObjective {
 public:
  ProbeObjective(const models::ProbeConfig& config, nn::ParameterStore& parameters, LabelledPictures training, LabelledPictures validation,
                 const ProbeLossConfig& loss, models::ComputeType dtype, Json data);

  nn::ParameterStore& parameters() override { return parameters_; }
  double forward_backward(int batch_size, RandomKey key) override;
  /// "validation error" (share of wrong classes), "validation loss".
  Measures validate() override;
  void weights_changed() override { tensors_.weights_changed(); }
  Json settings() const override;

 private:
  struct Batch {
    at::Tensor pictures;  // [B, 3, H, W]
    at::Tensor targets;   // [B, classes] float32: probabilities
  };
  Batch training_batch(int batch_size, RandomKey key) const;
  at::Tensor augmented(const at::Tensor& pixels, RandomStream& random) const;

  const models::ProbeConfig& config_;
  nn::ParameterStore& parameters_;
  LabelledPictures training_, validation_;
  ProbeLossConfig loss_;
  Json data_;
  nn::TrainedTensors tensors_;
};

}  // namespace vitrine::train
