// recipes/prompt_drawer.h - pictures of prompts by a model that is loaded, without the settings and labels of `draw`: to measure with and to learn from.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "diffusion/network_models.h"
#include "diffusion/pipeline.h"
#include "diffusion/prompt_encoder.h"
#include "diffusion/scheduler.h"
#include "recipes/resample.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

class PromptDrawer {
 public:
  /// Networks and tokenizer must outlive it; their weights must not change while it is used.
  PromptDrawer(const diffusion::Networks& networks, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler,
               const diffusion::SamplingConfig& sampling);

  /// One picture for each seed, as latents [N, C, h, w] float32 on the CPU, scaled as the UNet sees them.
  /// Throws Cancelled between two steps when the user asked to stop.
  at::Tensor latents(const std::string& prompt, std::span<const PictureSeed> seeds);
  /// [N, 3, H, W] from -1 to 1 on the CPU.
  at::Tensor pictures(const at::Tensor& latents);

 private:
  diffusion::NetworkModels networks_;
  at::Device device_;
  diffusion::PromptEncoder encoder_;
  std::unique_ptr<diffusion::NoiseScheduler> scheduler_;
  diffusion::SamplingConfig sampling_;
};

}  // namespace vitrine::recipes
