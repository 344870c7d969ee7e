// train/patch_discriminator.h - a small network that tells decoded pictures from photographs, patch by patch.
//
// What a VAE's decoder learns from it is texture and edges, which a mean difference rewards with blur.
// Isola et al. 2016 (arXiv 1611.07004), section 3.2.2; hinge losses as in Lim and Ye 2017 (arXiv 1705.02894); feature
// matching as in Wang et al. 2017 (arXiv 1711.11585), equation 3.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "models/weight_specs.h"
#include "nn/tensor_scope.h"

namespace vitrine::train {

/// Its parameters' names begin with this, so that they lie in one store with those of the VAE.
inline constexpr const char* kDiscriminator = "discriminator.";

std::vector<models::WeightSpec> patch_discriminator_specs();

struct PatchJudgement {
  at::Tensor scores;                 // [B, 1, H / 8, W / 8] float32: above 0 = a photograph
  std::vector<at::Tensor> features;  // of each layer before
};

/// pictures [B, 3, H, W], -1 to 1, sides multiples of 8.  scope: of the names behind kDiscriminator
PatchJudgement judge_patches(const nn::TensorScope& scope, const at::Tensor& pictures);

/// What the discriminator learns from: mean(max(0, 1 - real) + max(0, 1 + decoded)).
at::Tensor hinge_loss(const at::Tensor& real_scores, const at::Tensor& decoded_scores);

/// Mean difference of two judgements' features; `real` gets no gradient.
at::Tensor feature_difference(const PatchJudgement& real, const PatchJudgement& decoded);

}  // namespace vitrine::train
