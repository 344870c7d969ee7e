#include "models/bert/weights.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/error.h"
#include "models/weight_matcher.h"
#include "models/weight_specs.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kPrefix = "bert.";
constexpr std::string_view kTokenHead = "BertForTokenClassification";

void add_layer(std::vector<WeightSpec>& specs, const BertConfig& config, int64_t layer_idx) {
  const std::string layer = concat("encoder.layer.", layer_idx, ".");
  const int64_t C = config.hidden_size, inner = config.intermediate_size;
  for (const char* part : {"query", "key", "value"}) {
    add_linear(specs, concat(layer, "attention.self.", part), C, C);
  }
  add_linear(specs, layer + "attention.output.dense", C, C);
  add_norm(specs, layer + "attention.output.LayerNorm", C);
  add_linear(specs, layer + "intermediate.dense", inner, C);
  add_linear(specs, layer + "output.dense", C, inner);
  add_norm(specs, layer + "output.LayerNorm", C);
}

bool replace_end(std::string& name, std::string_view old_end, std::string_view new_end) {
  if (!name.ends_with(old_end)) return false;
  name.replace(name.size() - old_end.size(), old_end.size(), new_end);
  return true;
}

std::optional<std::string> own_name(const std::string& stored) {
  std::string name = stored.starts_with(kPrefix) ? stored.substr(kPrefix.size()) : stored;
  if (name == "embeddings.position_ids" || name == "embeddings.token_type_ids") return std::nullopt;
  if (!replace_end(name, ".LayerNorm.gamma", ".LayerNorm.weight")) {
    replace_end(name, ".LayerNorm.beta", ".LayerNorm.bias");
  }
  return name;
}

bool has_token_head(const BertConfig& config, const WeightMatcher& matcher) {
  const auto& names = config.architectures;
  if (names.empty()) return matcher.has("classifier.weight");
  return std::find(names.begin(), names.end(), kTokenHead) != names.end();
}

}  // namespace

std::vector<WeightSpec> bert_weight_specs(const BertConfig& config) {
  const int64_t C = config.hidden_size;
  std::vector<WeightSpec> specs{
      {"embeddings.word_embeddings.weight", {config.vocab_size, C}},
      {"embeddings.position_embeddings.weight", {config.max_position_embeddings, C}},
      {"embeddings.token_type_embeddings.weight", {config.type_vocab_size, C}}};
  add_norm(specs, "embeddings.LayerNorm", C);
  for (int64_t layer_idx = 0; layer_idx < config.num_hidden_layers; ++layer_idx) {
    add_layer(specs, config, layer_idx);
  }
  return specs;
}

std::vector<WeightSpec> bert_head_specs(const BertConfig& config) {
  std::vector<WeightSpec> specs;
  add_linear(specs, "classifier", config.num_labels(), config.hidden_size);
  return specs;
}

Weights load_bert_weights(const std::filesystem::path& model_dir, const BertConfig& config,
                          bool known_finite) {
  WeightMatcher matcher(std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir)),
                        own_name);
  std::vector<WeightSpec> specs = bert_weight_specs(config);
  if (has_token_head(config, matcher)) {
    for (WeightSpec& spec : bert_head_specs(config)) specs.push_back(std::move(spec));
  }
  if (matcher.has("pooler.dense.weight") || matcher.has("pooler.dense.bias")) {
    add_linear(specs, "pooler.dense", config.hidden_size, config.hidden_size);
  }
  for (const WeightSpec& spec : specs) matcher.match(spec);
  return matcher.finish("load_bert_weights", model_dir, known_finite);
}

}  // namespace vitrine::models
