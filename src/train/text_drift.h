// train/text_drift.h - how far a text encoder in training has moved from the one it began as.
//
// TextCraftor (Li et al. 2024, arXiv 2403.18978) found that a text encoder tuned by a reward alone collapses, and holds it by its
// likeness to the original. Here that likeness is measured on general prompts, which the tuning data does not hold, may count in
// the loss, and ends a run that has lost it.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "base/random.h"
#include "train/drift_config.h"

namespace vitrine::train {

/// Mean over prompts and tokens of the cosine of states [G, T, C], -1 .. 1, with gradient. Throws InvalidInput for shapes that differ.
at::Tensor state_likeness(const at::Tensor& states, const at::Tensor& other);

class TextDrift {
 public:
  using TextStates = std::function<at::Tensor(const at::Tensor& input_ids)>;  // [B, T] -> [B, T, C]

  /// input_ids [G, T] int64 of the general prompts, at least one.
  ///   start  [G, T, C]: their states of the encoder that the one in training must stay like
  TextDrift(const at::Tensor& input_ids, const at::Tensor& start, TextStates states, const DriftConfig& config);

  /// drift_weight (1 - mean cosine) over some prompts drawn by the key, with gradient; undefined when the weight is 0.
  at::Tensor loss(RandomKey key) const;
  /// Mean over all prompts and tokens, -1 .. 1; without gradient.
  double cosine() const;
  /// Why the run must end; "" = it need not.
  std::string alarm() const;

 private:
  at::Tensor input_ids_;  // [G, T]
  TextStates states_;
  at::Tensor start_;  // [G, T, C] float32
  DriftConfig config_;
};

}  // namespace vitrine::train
