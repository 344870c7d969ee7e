#include "diffusion/prompt_encoder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace vitrine::diffusion {
namespace {

constexpr size_t kKnown = 64;  // prompts that are remembered

/// [N, T] of the chunks.
at::Tensor ids_of(const std::vector<PromptChunk>& chunks) {
  std::vector<int64_t> ids;
  for (const PromptChunk& chunk : chunks) ids.insert(ids.end(), chunk.ids.begin(), chunk.ids.end());
  return at::tensor(ids).view({static_cast<int64_t>(chunks.size()), -1});
}

}  // namespace

at::Tensor emphasized(const at::Tensor& states, const at::Tensor& weights) {
  if (weights.eq(1).all().item<bool>()) return states;
  const at::Tensor weighted = states * weights.to(states.device()).unsqueeze(-1);
  const double mean = weighted.mean().item<double>();
  return mean == 0 ? weighted : weighted * (states.mean().item<double>() / mean);
}

PromptEncoder::PromptEncoder(DiffusionModels& models, const text::Tokenizer& tokenizer,
                             int64_t max_length)
    : models_(models), tokenizer_(tokenizer), config_(chunk_config(tokenizer, max_length)) {}

at::Tensor PromptEncoder::states(const std::string& prompt, std::vector<PromptChunk> chunks) {
  const auto key = std::make_pair(prompt, chunks.size());
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  const at::NoGradGuard no_grad;
  const at::Tensor plain = models_.text_states(ids_of(chunks)).to(at::kFloat);  // [N, T, C]
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i < chunks.size(); ++i) {
    rows.push_back(emphasized(plain[static_cast<int64_t>(i)], at::tensor(chunks[i].weights)));
  }
  if (known_.size() == kKnown) known_.clear();
  return known_[key] = at::cat(rows).unsqueeze(0);
}

PromptStates PromptEncoder::encode(const std::string& prompt, const std::string& negative_prompt) {
  std::vector<PromptChunk> chunks = chunk_prompt(prompt, tokenizer_, config_);
  std::vector<PromptChunk> negative = chunk_prompt(negative_prompt, tokenizer_, config_);
  const size_t count = std::max(chunks.size(), negative.size());
  pad_chunks(chunks, count, config_);
  pad_chunks(negative, count, config_);
  return {states(prompt, std::move(chunks)), states(negative_prompt, std::move(negative))};
}

PromptStates PromptEncoder::encode(const std::string& prompt) {
  return {states(prompt, chunk_prompt(prompt, tokenizer_, config_)), {}};
}

}  // namespace vitrine::diffusion
