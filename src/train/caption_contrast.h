// train/caption_contrast.h - a text encoder learns which caption belongs to which picture, against features of pictures that do not change.
//
// Radford et al. 2021 (arXiv 2103.00020) with the picture side frozen, as Zhai et al. 2022 (LiT, arXiv 2111.07991) found best for a good one.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "base/random.h"
#include "train/contrast_config.h"
#include "train/step_objective.h"

namespace vitrine::train {

/// Features of pictures and the tokens of their captions.
struct FeaturedCaptions {
  at::Tensor features;          // [N, E] float32, of each picture by a frozen tower
  std::vector<double> weights;  // [N] how often a picture is drawn, > 0; empty = equally
  /// Tokens of picture `row`, padded to one length; the same for the same key.
  std::function<std::vector<int32_t>(size_t row, RandomKey key)> input_ids;
};

/// What learns.
struct CaptionHead {
  std::function<at::Tensor(const at::Tensor& input_ids)> features;  // [B, T] int64 -> [B, E], with gradient
  std::function<at::Tensor()> logit_scale;                          // a number, with gradient
};

class CaptionContrast {
 public:
  /// Throws InvalidInput for sets without pictures or of different E.
  CaptionContrast(FeaturedCaptions training, FeaturedCaptions validation, CaptionHead head, const CaptionContrastConfig& config);

  /// contrastive_loss of contrastive_batch_size pictures drawn by the key; equal captions are right answers to each other.
  at::Tensor loss(RandomKey key) const;
  /// Without gradient, over the validation pictures (256 at most): "contrastive loss" of batches in order, "R@1 caption to picture" and
  /// "R@1 picture to caption" over all of them. Two calls of the same weights give the same numbers.
  Measures validate() const;

 private:
  struct Batch {
    at::Tensor features, input_ids, groups;  // [B, E], [B, T], [B]
  };
  static Batch batch_of(const FeaturedCaptions& set, const std::vector<size_t>& rows, RandomKey key);
  at::Tensor loss_of(const Batch& batch, const at::Tensor& texts) const;

  FeaturedCaptions training_, validation_;
  std::vector<double> cumulative_;  // of the training weights
  CaptionHead head_;
  CaptionContrastConfig config_;
};

}  // namespace vitrine::train
