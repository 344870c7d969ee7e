#include "models/stable_diffusion/model.h"

#include "models/unet/weights.h"
#include "models/vae/weights.h"

namespace vitrine::models {

StableDiffusion load_stable_diffusion(const StableDiffusionFiles& files, const FrozenConfig& config) {
  const StableDiffusionWeights weights = load_stable_diffusion_weights(files);
  const SdSettings& settings = files.settings;
  return {files, TextEncoder(settings.text_encoder, weights.text_encoder, {.dtype = config.dtype, .device = config.device}),
          nn::FrozenTensors(frozen_tensors(weights.unet, unet_weight_specs(settings.unet), config)),
          nn::FrozenTensors(frozen_tensors(weights.vae, vae_weight_specs(settings.vae), config))};
}

}  // namespace vitrine::models
