#include "models/clip/parameters.h"

#include <ATen/ATen.h>

#include <cmath>

#include "models/model_tensors.h"
#include "nn/initialize.h"

namespace vitrine::models {
namespace {

constexpr int64_t kOldEos = 2;

bool ends_with_any(const std::string& name, std::initializer_list<const char*> ends) {
  for (const char* end : ends) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

/// Radford et al. 2021, as OpenAI's code begins: projections into the residual stream are smaller in deep models.
double deviation_of(const std::string& name, double width, double num_layers) {
  if (ends_with_any(name, {"out_proj.weight", "fc2.weight"})) return 1 / std::sqrt(width * 2 * num_layers);
  if (ends_with_any(name, {"q_proj.weight", "k_proj.weight", "v_proj.weight", "text_projection.weight", "visual_projection.weight",
                           "class_embedding"})) {
    return 1 / std::sqrt(width);
  }
  if (name.ends_with("fc1.weight")) return 1 / std::sqrt(2 * width);
  if (name.ends_with("position_embedding.weight")) return 0.01;
  return 0.02;
}

}  // namespace

at::Tensor read_clip_tensor(const ClipWeights& weights, const std::string& name) {
  const at::Tensor stored = host_tensor(weights.weights.view(name));
  return weights.transposed.contains(name) ? stored.t().contiguous() : stored;
}

TextConfig with_new_tokens(TextConfig config, int64_t count) {
  if (count == 0) return config;
  std::visit([&](auto& text) { text.vocab_size += count; }, config);
  auto* clip = std::get_if<ClipTextConfig>(&config);
  if (clip != nullptr && clip->eos_token_id == kOldEos) {
    clip->eos_token_id = clip->vocab_size - count - 1;
    clip->bos_token_id = clip->eos_token_id - 1;
  }
  return config;
}

at::Tensor read_vocabulary(const ClipWeights& weights, const std::string& name, const NewTokens& new_tokens) {
  const at::Tensor stored = read_clip_tensor(weights, name).to(at::kFloat);
  if (new_tokens.count() == 0) return stored;
  const at::Tensor matrix = at::empty({stored.size(0) + new_tokens.count(), stored.size(1)}, at::kFloat);
  matrix.narrow(0, 0, stored.size(0)).copy_(stored);
  fill_new_rows(matrix, new_tokens);
  return matrix;
}

at::Tensor initial_clip_value(const WeightSpec& spec, int64_t width, int64_t num_layers, RandomKey key) {
  at::Tensor values = at::empty(spec.shape, at::kFloat);
  if (spec.shape.size() > 1 || spec.name.ends_with("class_embedding")) {
    nn::fill_normal(values, deviation_of(spec.name, static_cast<double>(width), static_cast<double>(num_layers)), key.fold_in(spec.name));
  } else {
    values.fill_(spec.name.ends_with("weight") ? 1.0 : 0.0);
  }
  return values;
}

}  // namespace vitrine::models
