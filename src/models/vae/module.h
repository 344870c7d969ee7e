// models/vae/module.h - pictures to latents and back: Stable Diffusion's VAE, over any source of tensors.
//
// Kingma and Welling 2013 (arXiv 1312.6114), Rombach et al. 2022 (arXiv 2112.10752); as diffusers' AutoencoderKL.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/vae/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// A diagonal normal distribution for each latent, not scaled by scaling_factor.
struct LatentDistribution {
  at::Tensor mean, logvar;  // [B, latent_channels, h, w]; logvar within -30 .. 20
};

/// pictures [B, in_channels, H, W], -1 to 1; H and W multiples of config.downscale() -> h = H / downscale.
/// Throws InvalidInput for other shapes.
LatentDistribution vae_encode(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& pictures);

/// latents [B, latent_channels, h, w], divided by scaling_factor already -> [B, out_channels, H, W], about -1 to 1, not clamped.
at::Tensor vae_decode(const VaeConfig& config, const nn::TensorScope& scope, const at::Tensor& latents);

}  // namespace vitrine::models
