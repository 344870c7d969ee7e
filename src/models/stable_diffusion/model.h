// models/stable_diffusion/model.h - a Stable Diffusion model in memory: its three parts as tensors that do not change.
#pragma once
#include "models/stable_diffusion/files.h"
#include "models/tensor_files.h"
#include "models/text_encoder.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// Any thread may read it.
struct StableDiffusion {
  StableDiffusionFiles files;
  TextEncoder text_encoder;
  nn::FrozenTensors unet, vae;  // for unet_forward, vae_encode and vae_decode
};

/// Reads all parts; memory_bytes(files, 2 or 4) says beforehand what it takes. Throws what open_stable_diffusion and
/// load_stable_diffusion_weights throw: nothing that is missing, of another shape or not finite gets in.
StableDiffusion load_stable_diffusion(const StableDiffusionFiles& files, const FrozenConfig& config = {});

}  // namespace vitrine::models
