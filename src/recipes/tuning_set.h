// recipes/tuning_set.h - the pictures that a Stable Diffusion model is tuned on, and those that it is measured with.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "recipes/captioned_pictures.h"
#include "recipes/picture_learner.h"
#include "train/picture_tensors.h"

namespace vitrine::recipes {

struct TuningSet {
  CaptionedPictures all;
  std::vector<int64_t> training, validation;  // rows
};

/// width and height of the config, or the model's own (own_sides). Throws InvalidInput for sides that the model cannot take.
train::PictureSize cut_size(const TunePicturesConfig& config, const LoadedModel& model);

/// The splits train and validation; of a set without splits every twentieth picture is held out, and of fewer than twenty the first one is
/// measured though it is trained on, with a warning. Pictures are a little larger than `cut`.
///   plain  a folder of pictures without captions
/// Throws what CaptionedPictures throws.
TuningSet load_tuning_set(const std::filesystem::path& data, const TunePicturesConfig& config, const train::PictureSize& cut, bool plain);

}  // namespace vitrine::recipes
