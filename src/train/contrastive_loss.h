// train/contrastive_loss.h - pictures and texts of a batch find each other: the loss that CLIP learns by.
//
// Radford et al. 2021 (arXiv 2103.00020), figure 3.
#pragma once
#include <ATen/core/Tensor.h>

namespace vitrine::train {

/// The largest factor on cosines that CLIP allows, as a logarithm: ln 100.
inline constexpr double kMaxLogitScale = 4.605170185988092;

/// Mean of two cross entropies: of each picture's own text among all texts, and of each text's own picture.
///   image_features, text_features  [B, E], any floating type; normalised here, in float32
///   logit_scale                    a number: the logarithm of the factor on cosines, at most kMaxLogitScale
///   groups                         [B] int64; pairs of one group (equal captions) are right answers to each other, with
///                                  equal shares; undefined = every pair by itself
/// Returns a number in float32 (float64 for float64 features) with gradient to the first three.
/// Throws InvalidInput when shapes do not fit together.
at::Tensor contrastive_loss(const at::Tensor& image_features, const at::Tensor& text_features, const at::Tensor& logit_scale,
                            const at::Tensor& groups = {});

/// Takes a logit scale that a step made larger back to kMaxLogitScale, in place and without gradient.
void clamp_logit_scale(const at::Tensor& logit_scale);

}  // namespace vitrine::train
