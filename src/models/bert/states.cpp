#include "models/bert/states.h"

#include <ATen/ATen.h>

#include "models/activation.h"
#include "models/token_rows.h"
#include "nn/attention.h"
#include "nn/picture_ops.h"

namespace vitrine::models {
namespace {

at::Tensor embeddings(const BertConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids) {
  const at::Tensor sum = at::embedding(scope["word_embeddings.weight"], input_ids) +
                         scope["position_embeddings.weight"].narrow(0, 0, input_ids.size(1)) +
                         scope["token_type_embeddings.weight"].select(0, 0);
  return nn::layer_norm(sum, scope / "LayerNorm", config.layer_norm_eps);
}

/// The norm stands behind each sum.
at::Tensor layer(const BertConfig& config, const nn::TensorScope& scope, const at::Tensor& x, const at::Tensor& is_token) {
  const nn::TensorScope self = scope / "attention" / "self";
  const at::Tensor mixed = nn::attention(nn::linear(x, self / "query"), nn::linear(x, self / "key"), nn::linear(x, self / "value"),
                                         config.num_attention_heads, 0, false, is_token);
  const nn::TensorScope attended = scope / "attention" / "output", out = scope / "output";
  const at::Tensor seen = nn::layer_norm(x + nn::linear(mixed, attended / "dense"), attended / "LayerNorm", config.layer_norm_eps);
  const at::Tensor inner = activation(config.hidden_act, nn::linear(seen, scope / "intermediate" / "dense"));
  return nn::layer_norm(seen + nn::linear(inner, out / "dense"), out / "LayerNorm", config.layer_norm_eps);
}

}  // namespace

at::Tensor bert_states(const BertConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids, const at::Tensor& is_token,
                       int64_t skip_layers) {
  check_token_rows("bert_states", input_ids, is_token, config.max_position_embeddings, config.num_hidden_layers, skip_layers);
  at::Tensor x = embeddings(config, scope / "embeddings", input_ids);
  for (int64_t i = 0; i < config.num_hidden_layers - skip_layers; ++i) {
    x = layer(config, (scope / "encoder").child("layer", i), x, is_token);
  }
  return x;
}

}  // namespace vitrine::models
