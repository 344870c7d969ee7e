// diffusion/models.h - what the pipeline asks of a text-to-image model; tests answer it themselves.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/unet/module.h"
#include "models/vae/module.h"

namespace vitrine::diffusion {

struct ModelShapes {
  int64_t latent_channels = 4;
  int64_t in_channels = 4;  // of the UNet: latents, or 9 with mask and masked picture (inpainting)
  int64_t downscale = 8;    // pixels for each latent along a side
  int64_t tile_size = 512;  // pixels along a side that the VAE was made for
  double scaling_factor = 0.18215;  // latents that the UNet sees = encoded latents times it
  int64_t time_cond_proj_dim = 0;   // width of the guidance embedding (LCM); 0 = none
};

/// What the pictures of a run are conditioned on; the model keeps in `cache` what is the same at
/// every step.
struct Condition {
  at::Tensor states = {};         // [B, T, C] of the text
  at::Tensor timestep_cond = {};  // [B, time_cond_proj_dim], or undefined
  models::ContextCache cache = {};
};

/// Tensors that are given may lie on any device; those that come back lie on device().
class DiffusionModels {
 public:
  virtual ~DiffusionModels() = default;
  virtual ModelShapes shapes() const = 0;
  virtual at::Device device() const = 0;

  /// ids [N, T] int64 -> [N, T, C] float32.
  virtual at::Tensor text_states(const at::Tensor& ids) = 0;

  /// latents [B, in_channels, h, w] float32, timesteps [B] -> [B, latent_channels, h, w], any float
  /// type. One condition object serves one run.
  virtual at::Tensor predict_noise(const at::Tensor& latents, const at::Tensor& timesteps,
                                   Condition& condition) = 0;

  /// pictures [B, 3, H, W] from -1 to 1 -> mean and logvar [B, latent_channels, h, w] float32, not
  /// scaled.
  virtual models::LatentDistribution encode(const at::Tensor& pictures) = 0;

  /// latents [B, latent_channels, h, w], divided by scaling_factor -> [B, 3, H, W] float32, about
  /// -1 to 1.
  virtual at::Tensor decode(const at::Tensor& latents) = 0;
};

}  // namespace vitrine::diffusion
