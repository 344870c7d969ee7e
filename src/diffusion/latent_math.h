// diffusion/latent_math.h - sums of latents with weights in double.
#pragma once
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>

#include "diffusion/noise_schedule.h"

namespace vitrine::diffusion {

/// mix.latents * latents + mix.output * output; a tensor of weight 0 is not read.
inline at::Tensor mixed(const Mix& mix, const at::Tensor& latents, const at::Tensor& output) {
  if (mix.latents == 0) return mix.output == 1 ? output : output * mix.output;
  return at::add(latents * mix.latents, output, mix.output);
}

}  // namespace vitrine::diffusion
