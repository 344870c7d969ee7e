// train/adamw.h - AdamW (Loshchilov and Hutter 2019) with gradient clipping, one loop over the flat buffers.
#pragma once
#include <ATen/core/Tensor.h>

#include "nn/fused_ops.h"
#include "nn/parameters.h"

namespace vitrine::train {

/// Settings of one step.
struct AdamWConfig {
  double learning_rate = 1e-3;
  double weight_decay = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double clip_norm = 1.0;  // 0 = off
};

class AdamW {
 public:
  /// `parameters` must outlive the optimizer.
  explicit AdamW(nn::ParameterStore& parameters);

  /// Clips, updates the values and their compute copy, sets the gradients to 0.
  /// Returns the gradient norm before clipping. Throws InvalidInput when it is not finite: nothing
  /// is changed then.
  double step(const AdamWConfig& config);

  int64_t num_steps() const { return num_steps_; }
  void set_num_steps(int64_t num_steps) { num_steps_ = num_steps; }
  const at::Tensor& mean() const { return mean_; }          // [P] float32
  const at::Tensor& variance() const { return variance_; }  // [P] float32

 private:
  /// Elements begin .. end of the flat buffers.
  void update(int64_t begin, int64_t end, const nn::fused::AdamWFactors& factors);

  nn::ParameterStore& parameters_;
  at::Tensor mean_, variance_;
  int64_t num_steps_ = 0;
};

}  // namespace vitrine::train
