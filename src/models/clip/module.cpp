#include "models/clip/module.h"

#include <ATen/ATen.h>

#include "base/file.h"
#include "models/clip/forward.h"
#include "models/clip/parameters.h"
#include "models/clip/weights.h"

namespace vitrine::models {
namespace {

constexpr const char* kLogitScale = "logit_scale";

at::Tensor initial_value(const ClipConfig& config, const WeightSpec& spec, RandomKey key) {
  if (spec.name == kLogitScale) return at::full({}, config.logit_scale_init_value, at::kFloat);
  if (spec.name.starts_with("vision_model.") || spec.name.starts_with("visual_projection.")) {
    return initial_clip_value(spec, config.vision.hidden_size, config.vision.num_hidden_layers, key);
  }
  const int64_t num_layers = std::visit([](const auto& text) { return text.num_hidden_layers; }, config.text);
  return initial_clip_value(spec, width_of(config.text), num_layers, key);
}

}  // namespace

ClipModel ClipModel::load(const std::filesystem::path& model_dir, const TensorUse& use, const NewTokens& new_tokens) {
  ClipConfig config = read_clip_config(model_dir);
  const ClipWeights weights = load_clip_weights(model_dir, config);
  config.text = with_new_tokens(config.text, new_tokens.count());
  const std::string vocabulary = "text_model." + std::string(vocabulary_matrix_of(config.text));
  ModelTensors tensors(clip_weight_specs(config), use, [&](const WeightSpec& spec) {
    return spec.name == vocabulary ? read_vocabulary(weights, spec.name, new_tokens) : read_clip_tensor(weights, spec.name);
  });
  return ClipModel(std::move(config), std::move(tensors));
}

ClipModel ClipModel::random(const ClipConfig& config, RandomKey key, const TensorUse& use) {
  validate(config, "ClipModel");
  ModelTensors tensors(clip_weight_specs(config), use, [&](const WeightSpec& spec) { return initial_value(config, spec, key); });
  return ClipModel(config, std::move(tensors));
}

void ClipModel::save(const std::filesystem::path& model_dir, ComputeType dtype, const std::map<std::string, std::string>& metadata) const {
  std::filesystem::create_directories(model_dir);
  tensors_.save(model_dir / "model.safetensors", dtype, metadata);
  const char* type = dtype == ComputeType::bfloat16 ? "bfloat16" : "float32";
  write_file_atomic(model_dir / "config.json", dump_pretty(to_json(config_, type)));
}

at::Tensor ClipModel::text_features(const at::Tensor& input_ids, const at::Tensor& is_token) const {
  return clip_text_features(config_, nn::TensorScope(tensors_.source()), input_ids, is_token);
}

at::Tensor ClipModel::image_features(const at::Tensor& pixels) const {
  return clip_image_features(config_, nn::TensorScope(tensors_.source()), pixels);
}

at::Tensor ClipModel::logit_scale() const {
  return tensors_.trained() ? tensors_.parameters().value(kLogitScale) : tensors_.value(kLogitScale);
}

}  // namespace vitrine::models
