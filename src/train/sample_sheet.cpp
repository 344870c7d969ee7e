#include "train/sample_sheet.h"

#include <ATen/ATen.h>

#include "diffusion/prompt_encoder.h"
#include "diffusion/scheduler.h"
#include "models/picture_tensor.h"

namespace vitrine::train {

at::Tensor sample_pictures(diffusion::DiffusionModels& models, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler_config,
                           const std::vector<std::string>& prompts, const SampleSheetConfig& config) {
  diffusion::PromptEncoder encoder(models, tokenizer, config.max_tokens);
  const auto scheduler = diffusion::make_noise_scheduler(scheduler_config);
  std::vector<at::Tensor> pictures;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const bool guides = config.sampling.guidance_scale > 1;
    const diffusion::SamplingRequest request{.states = guides ? encoder.encode(prompts[i], "") : encoder.encode(prompts[i]),
                                             .noise = {diffusion::PictureNoise(config.seed, static_cast<int64_t>(i))}};
    const at::Tensor latents = diffusion::sample_latents(models, *scheduler, request, config.sampling);
    pictures.push_back(diffusion::decode_pictures(models, latents, /*tiling=*/false));
  }
  return at::cat(pictures);
}

std::string sample_sheet(diffusion::DiffusionModels& models, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler,
                         const std::vector<std::string>& prompts, const SampleSheetConfig& config) {
  return models::grid_png(sample_pictures(models, tokenizer, scheduler, prompts, config), config.columns);
}

}  // namespace vitrine::train
