#include "recipes/prompt_drawer.h"

#include <ATen/ATen.h>

namespace vitrine::recipes {

PromptDrawer::PromptDrawer(const diffusion::Networks& networks, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler,
                           const diffusion::SamplingConfig& sampling)
    : networks_(networks), device_(networks.device), encoder_(networks_, tokenizer, networks.text_encoder.max_tokens()),
      scheduler_(diffusion::make_noise_scheduler(scheduler)), sampling_(sampling) {}

at::Tensor PromptDrawer::latents(const std::string& prompt, std::span<const PictureSeed> seeds) {
  const bool guides = sampling_.guidance_scale > 1;
  diffusion::SamplingRequest request{.states = guides ? encoder_.encode(prompt, "") : encoder_.encode(prompt), .noise = {}};
  for (const PictureSeed& seed : seeds) request.noise.emplace_back(seed.seed, seed.index);
  return diffusion::sample_latents(networks_, *scheduler_, request, sampling_).to(at::kCPU, at::kFloat);
}

at::Tensor PromptDrawer::pictures(const at::Tensor& latents) {
  return diffusion::decode_pictures(networks_, latents.to(device_), /*tiling=*/false).to(at::kCPU, at::kFloat);
}

}  // namespace vitrine::recipes
