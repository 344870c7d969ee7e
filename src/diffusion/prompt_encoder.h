// diffusion/prompt_encoder.h - prompts as the states that a picture model attends to.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

#include "diffusion/models.h"
#include "diffusion/prompt_chunks.h"
#include "text/tokenizer.h"

namespace vitrine::diffusion {

/// States of both prompts, [1, T, C] float32 on the device of the model; T = chunks * max_length.
struct PromptStates {
  at::Tensor prompt;
  at::Tensor negative;  // undefined = none
};

/// The states of a chunk times the weights of its tokens, scaled so that their mean is what it was
/// ("original" emphasis of AUTOMATIC1111's web UI, with the mean of each chunk by itself).
///   states [T, C], weights [T]; weights of 1 alone change nothing, to the bit
at::Tensor emphasized(const at::Tensor& states, const at::Tensor& weights);

/// Remembers the states of recent prompts. Models and tokenizer must outlive it.
class PromptEncoder {
 public:
  /// max_length: ids that the text encoder takes. Throws what chunk_config throws.
  PromptEncoder(DiffusionModels& models, const text::Tokenizer& tokenizer, int64_t max_length);

  /// The shorter prompt gets empty chunks until both have as many. Throws what chunk_prompt throws.
  PromptStates encode(const std::string& prompt, const std::string& negative_prompt);
  /// Without a negative prompt, where guidance is off.
  PromptStates encode(const std::string& prompt);

 private:
  at::Tensor states(const std::string& prompt, std::vector<PromptChunk> chunks);

  DiffusionModels& models_;
  const text::Tokenizer& tokenizer_;
  ChunkConfig config_;
  std::map<std::pair<std::string, size_t>, at::Tensor> known_;  // by prompt and number of chunks
};

}  // namespace vitrine::diffusion
