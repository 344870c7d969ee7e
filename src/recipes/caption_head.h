// recipes/caption_head.h - what objective contrastive compares a text encoder with: features of pictures by a CLIP, and the head that reaches them.
#pragma once
#include <filesystem>

#include "models/text_encoder.h"
#include "train/picture_tensors.h"

namespace vitrine::recipes {

/// Features [N, E] float32 of length 1 of each picture by the picture side of the CLIP directory, prepared as its preprocessor says.
///   file  read when it holds those of these pictures and weights; else written
/// Throws what ClipModel::load and read_clip_preprocess throw, and Cancelled.
at::Tensor clip_picture_features(const std::filesystem::path& clip, const train::PictureTensors& pictures, const at::Device& device,
                                 const std::filesystem::path& file);

/// Sets the projection of the encoder's head to the ridge regression of `features` [N, E] on the states of their captions [N, T], so that the first
/// steps do not tear the states apart (train/fit_projection.h).
void fit_head(models::TextEncoder& encoder, const at::Tensor& input_ids, const at::Tensor& features);

}  // namespace vitrine::recipes
