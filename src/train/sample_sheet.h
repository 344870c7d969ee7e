// train/sample_sheet.h - pictures of fixed prompts with the weights as they are, for the page of a run.
#pragma once
#include <string>
#include <vector>

#include "diffusion/models.h"
#include "diffusion/pipeline.h"
#include "diffusion/scheduler_config.h"
#include "text/tokenizer.h"

namespace vitrine::train {

struct SampleSheetConfig {
  diffusion::SamplingConfig sampling;
  uint64_t seed = 0;
  int64_t columns = 6;
  int64_t max_tokens = 77;  // of the text encoder
};

/// [N, 3, H, W] from -1 to 1: one picture a prompt; picture i depends on seed, i and its prompt alone.
at::Tensor sample_pictures(diffusion::DiffusionModels& models, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler,
                           const std::vector<std::string>& prompts, const SampleSheetConfig& config);

/// The same as one PNG.
std::string sample_sheet(diffusion::DiffusionModels& models, const text::Tokenizer& tokenizer, const diffusion::SchedulerConfig& scheduler,
                         const std::vector<std::string>& prompts, const SampleSheetConfig& config);

}  // namespace vitrine::train
