// diffusion/picture_noise.h - the random numbers of one picture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "base/random.h"

namespace vitrine::diffusion {

/// Unit-variance noise that depends on the seed, the picture's index and what it is for, and on
/// nothing else: not on how many pictures are drawn, nor in which batches, nor on the device.
class PictureNoise {
 public:
  PictureNoise(uint64_t seed, int64_t index)
      : key_(RandomKey(seed).fold_in("picture").fold_in(static_cast<uint64_t>(index))) {}

  /// All are float32 on the CPU, of any shape.
  at::Tensor initial(at::IntArrayRef shape) const;             // the latents begin with it
  at::Tensor step(at::IntArrayRef shape, int64_t step) const;  // for schedulers that add noise
  at::Tensor encoding(at::IntArrayRef shape) const;            // a draw from what the VAE says
  at::Tensor masked_encoding(at::IntArrayRef shape) const;     // the same of the masked picture

 private:
  RandomKey key_;
};

}  // namespace vitrine::diffusion
