// train/clip_objective.h - a CLIP learns which caption belongs to which picture of a batch.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "models/clip/module.h"
#include "models/clip/preprocess.h"
#include "models/trainable.h"
#include "train/step_objective.h"

namespace vitrine::train {

/// Pictures in memory and their captions as tokens.
struct CaptionedPixels {
  at::Tensor pixels;            // [N, 3, H', W'] uint8, a little larger than what CLIP sees or equal to it
  std::vector<double> weights;  // [N] how often a picture is drawn, > 0; empty = equally
  /// Tokens of picture `row`, padded to the text side's length; the same for the same key.
  std::function<std::vector<int32_t>(size_t row, RandomKey key)> input_ids;
};

/// Equal captions of a batch are right answers to each other (contrastive_loss).
class ClipObjective final : public StepObjective {
 public:
  /// model: trained; it must outlive the objective. data: what a state belongs to besides.
  ClipObjective(models::ClipModel& model, const models::ClipPreprocess& preprocess, CaptionedPixels training, CaptionedPixels validation, Json data);

  nn::ParameterStore& parameters() override { return model_.tensors().parameters(); }
  double forward_backward(int batch_size, RandomKey key) override;
  /// "validation loss" of batches in order, and of whole captions over all held-out pictures "R@1 caption to picture" and
  /// "R@1 picture to caption" (pictures of an equal caption count as right).
  Measures validate() override;
  void weights_changed() override;
  Json settings() const override;

 private:
  struct Batch {
    at::Tensor pixels;     // [B, 3, S, S] float32, normalised
    at::Tensor input_ids;  // [B, T] int64
    at::Tensor groups;     // [B] int64: equal captions
  };
  Batch training_batch(int batch_size, RandomKey key) const;
  Batch validation_batch(int64_t begin, int64_t count) const;
  at::Tensor seen(const at::Tensor& pixels) const;
  at::Tensor loss(const Batch& batch) const;

  models::ClipModel& model_;
  models::ClipPreprocess preprocess_;
  CaptionedPixels training_, validation_;
  std::vector<double> cumulative_;
  Json data_;
};

}  // namespace vitrine::train
