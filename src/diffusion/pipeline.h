// diffusion/pipeline.h - from the states of a prompt to pictures: text to image, image to image,
// inpainting.
//
// As StableDiffusionPipeline, …Img2ImgPipeline and …InpaintPipeline of diffusers, but for random
// numbers, which depend on seed and picture alone (diffusion/picture_noise.h).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "diffusion/models.h"
#include "diffusion/picture_noise.h"
#include "diffusion/prompt_encoder.h"
#include "diffusion/scheduler.h"

namespace vitrine::diffusion {

struct SamplingConfig {
  int64_t width = 512, height = 512;  // pixels, multiples of the VAE's downscale
  int64_t num_inference_steps = 20;
  double guidance_scale = 7.5;  // <= 1: the negative prompt is not computed
  double strength = 1;          // share of the steps that a picture goes through, > 0 to 1
  bool vae_tiling = false;
};

/// The pictures of one batch, of one prompt.
struct SamplingRequest {
  PromptStates states;
  std::vector<PictureNoise> noise;  // one for each picture: B
  at::Tensor initial_noise = {};    // [B, C, h, w] of unit variance, in place of that of `noise`
  at::Tensor picture = {};  // [1, 3, H, W] from -1 to 1 to begin with; undefined = text alone
  at::Tensor mask = {};     // [1, 1, H, W], 0.5 and more = to be painted anew; undefined = all
};

struct StepReport {
  int64_t step;               // of those that are done, from 1
  int64_t num_steps;          // of this run
  const at::Tensor& latents;  // [B, C, h, w] after the step
};
/// Called after each step. What it throws ends the run.
using OnStep = std::function<void(const StepReport&)>;

/// Steps that a run goes through: pndm does one more than it is asked for, strength leaves some
/// out.
int64_t count_steps(NoiseScheduler& scheduler, const SamplingConfig& config, bool from_picture);

/// The latents [B, C, h, w] float32 that the VAE decodes, on the device of the model.
/// With a picture, its latents are noised to the first of the last `strength` of the steps; with a
/// mask, latents outside of it are those of the picture after every step, or a UNet of 9 channels
/// sees mask and masked picture. Where strength is 1 and a mask is given the run begins with noise
/// alone.
/// Throws InvalidInput, naming sizes, strength and what is missing; Cancelled between two steps
/// when the user asked to stop.
at::Tensor sample_latents(DiffusionModels& models, NoiseScheduler& scheduler,
                          const SamplingRequest& request, const SamplingConfig& config,
                          const OnStep& on_step = {});

/// The pictures [B, 3, H, W] of such latents, clamped to -1 .. 1.
at::Tensor decode_pictures(DiffusionModels& models, const at::Tensor& latents, bool tiling);

/// uncond + guidance_scale * (cond - uncond) in float32.  noise_pred [2 B, ...]: uncond, then cond
at::Tensor guided(const at::Tensor& noise_pred, double guidance_scale);

}  // namespace vitrine::diffusion
