#include "models/text_encoder.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "base/file.h"
#include "models/clip/forward.h"
#include "models/clip/parameters.h"

namespace vitrine::models {
namespace {

std::string_view prefix_of(const TextConfig& config) { return std::holds_alternative<BertConfig>(config) ? "" : "text_model."; }

std::vector<WeightSpec> stored_specs(const TextConfig& config) {
  std::vector<WeightSpec> specs = text_weight_specs(config);
  for (WeightSpec& spec : specs) spec.name.insert(0, prefix_of(config));
  return specs;
}

std::vector<WeightSpec> with_head(std::vector<WeightSpec> specs, int64_t width, const TextHead& head) {
  if (head.projection_dim == 0) return specs;
  specs.push_back({TextEncoder::kTextProjection, {head.projection_dim, width}});
  specs.push_back({TextEncoder::kLogitScale, {}});
  return specs;
}

ModelTensors read_tensors(const TextConfig& config, const ClipWeights& weights, const TensorUse& use, const NewTokens& new_tokens, const TextHead& head) {
  return ModelTensors(with_head(stored_specs(config), width_of(config), head), use, [&](const WeightSpec& spec) {
    if (spec.name == TextEncoder::kTextProjection) return at::zeros(spec.shape, at::kFloat);
    if (spec.name == TextEncoder::kLogitScale) return at::full({}, head.logit_scale, at::kFloat);
    const std::string name = spec.name.substr(prefix_of(config).size());
    return name == vocabulary_matrix_of(config) ? read_vocabulary(weights, name, new_tokens) : read_clip_tensor(weights, name);
  });
}

}  // namespace

TextEncoder TextEncoder::load(const std::filesystem::path& encoder_dir, const TensorUse& use, const NewTokens& new_tokens) {
  const TextConfig config = read_text_config(encoder_dir);
  return TextEncoder(config, load_text_weights(encoder_dir, config), use, new_tokens);
}

TextEncoder::TextEncoder(const TextConfig& config, const ClipWeights& weights, const TensorUse& use, const NewTokens& new_tokens, const TextHead& head)
    : config_(with_new_tokens(config, new_tokens.count())), tensors_(read_tensors(config_, weights, use, new_tokens, head)) {}

TextEncoder TextEncoder::random(const TextConfig& config, RandomKey key, const TensorUse& use) {
  std::visit([](const auto& text) { validate(text, "TextEncoder"); }, config);
  const int64_t num_layers = std::visit([](const auto& text) { return text.num_hidden_layers; }, config);
  ModelTensors tensors(stored_specs(config), use,
                       [&](const WeightSpec& spec) { return initial_clip_value(spec, width_of(config), num_layers, key); });
  return TextEncoder(config, std::move(tensors));
}

void TextEncoder::save(const std::filesystem::path& encoder_dir, ComputeType dtype,
                       const std::map<std::string, std::string>& metadata) const {
  std::filesystem::create_directories(encoder_dir);
  std::vector<NamedTensor> tensors;
  for (const WeightSpec& spec : stored_specs(config_)) tensors.push_back({spec.name, tensors_.value(spec.name)});
  save_tensors(encoder_dir / "model.safetensors", tensors, dtype, metadata);
  const char* type = dtype == ComputeType::bfloat16 ? "bfloat16" : "float32";
  write_file_atomic(encoder_dir / "config.json", dump_pretty(to_json(config_, type)));
}

at::Tensor TextEncoder::states(const at::Tensor& input_ids, const TextPass& pass) const {
  const nn::TensorScope scope(pass.source != nullptr ? *pass.source : tensors_.source(), std::string(prefix_of(config_)));
  return text_states(config_, scope, input_ids, pass.is_token, pass.skip_layers);
}

at::Tensor TextEncoder::caption_states(const at::Tensor& input_ids) const { return models::caption_states(config_, states(input_ids), input_ids); }

at::Tensor TextEncoder::caption_features(const at::Tensor& input_ids) const {
  return at::matmul(caption_states(input_ids), tensors_.source().get(kTextProjection).t());
}

at::Tensor TextEncoder::logit_scale() const {
  return tensors_.trained() ? tensors_.parameters().value(kLogitScale) : tensors_.value(kLogitScale);
}

}  // namespace vitrine::models
