// diffusion/preview.h - what a run has come to so far, in a small picture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "diffusion/models.h"

namespace vitrine::diffusion {

/// Small pictures [B, 3, H, W], -1 to 1, of latents in the middle of a run: means of blocks of latents, decoded, so that the noise that
/// is still in them mostly averages out and the decoder has little to do.
///   latents  [B, C, h, w] as StepReport has them
///   longest  most latents along a side of what is decoded
at::Tensor preview_pictures(DiffusionModels& models, const at::Tensor& latents, int64_t longest = 16);

}  // namespace vitrine::diffusion
