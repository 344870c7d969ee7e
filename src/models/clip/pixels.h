// models/clip/pixels.h - a picture as the numbers that CLIP takes.
#pragma once
#include <ATen/core/Tensor.h>

#include "io/picture.h"
#include "models/clip/preprocess.h"

namespace vitrine::models {

/// [3, crop_size, crop_size] float32. As transformers' CLIPImageProcessor does it; pixels are rounded after the resize.
/// Throws InvalidInput for a picture whose sides and bytes do not fit together.
at::Tensor clip_pixels(const io::Picture& picture, const ClipPreprocess& config);

}  // namespace vitrine::models
