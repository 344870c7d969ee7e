#include "models/clip/forward.h"

#include <ATen/ATen.h>

#include "base/error.h"
#include "models/activation.h"
#include "models/bert/states.h"
#include "models/token_rows.h"
#include "nn/attention.h"
#include "nn/picture_ops.h"

namespace vitrine::models {
namespace {

constexpr int64_t kOldEos = 2;

/// What a layer of either side needs to know.
struct Pass {
  int64_t num_heads;
  double epsilon;
  const std::string& hidden_act;
  bool causal = false;
  at::Tensor is_token = {};
};

at::Tensor self_attention(const Pass& pass, const nn::TensorScope& scope, const at::Tensor& x) {
  const at::Tensor mixed =
      nn::attention(nn::linear(x, scope / "q_proj"), nn::linear(x, scope / "k_proj"), nn::linear(x, scope / "v_proj"), pass.num_heads,
                    /*scale=*/0, pass.causal, pass.is_token);
  return nn::linear(mixed, scope / "out_proj");
}

/// The norm stands before each branch.
at::Tensor layer(const Pass& pass, const nn::TensorScope& scope, const at::Tensor& x) {
  const at::Tensor seen = x + self_attention(pass, scope / "self_attn", nn::layer_norm(x, scope / "layer_norm1", pass.epsilon));
  const at::Tensor inner = nn::linear(nn::layer_norm(seen, scope / "layer_norm2", pass.epsilon), scope / "mlp" / "fc1");
  return seen + nn::linear(activation(pass.hidden_act, inner), scope / "mlp" / "fc2");
}

at::Tensor layers(const Pass& pass, const nn::TensorScope& scope, at::Tensor x, int64_t num_layers) {
  for (int64_t i = 0; i < num_layers; ++i) x = layer(pass, scope.child("layers", i), x);
  return x;
}

/// [B] int64: where each text ends.
at::Tensor end_positions(const ClipTextConfig& config, const at::Tensor& input_ids) {
  if (config.eos_token_id == kOldEos) return input_ids.argmax(-1);
  return input_ids.eq(config.eos_token_id).to(at::kInt).argmax(-1);  // the first among equals
}

/// [B, 1 + patches, C]
at::Tensor patch_rows(const ClipVisionConfig& config, const nn::TensorScope& scope, const at::Tensor& pixels) {
  const at::Tensor class_row = scope["class_embedding"];
  const at::Tensor grid = nn::conv2d(pixels.to(class_row.scalar_type()), scope / "patch_embedding", config.patch_size, /*padding=*/0);
  const at::Tensor patches = grid.flatten(2).transpose(1, 2);  // [B, patches, C]
  return at::cat({class_row.expand({pixels.size(0), 1, -1}), patches}, 1) + scope["position_embedding.weight"];
}

/// The state of the class row behind the last norm, [B, C].
at::Tensor vision_pooled(const ClipVisionConfig& config, const nn::TensorScope& scope, const at::Tensor& pixels) {
  const Pass pass{config.num_attention_heads, config.layer_norm_eps, config.hidden_act};
  const at::Tensor rows = nn::layer_norm(patch_rows(config, scope / "embeddings", pixels), scope / "pre_layrnorm", config.layer_norm_eps);
  const at::Tensor states = layers(pass, scope / "encoder", rows, config.num_hidden_layers);
  return nn::layer_norm(states.select(1, 0), scope / "post_layernorm", config.layer_norm_eps);
}

}  // namespace

at::Tensor clip_text_states(const ClipTextConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                            const at::Tensor& is_token, int64_t skip_layers) {
  check_token_rows("clip_text_states", input_ids, is_token, config.max_position_embeddings, config.num_hidden_layers, skip_layers);
  const Pass pass{config.num_attention_heads, config.layer_norm_eps, config.hidden_act, /*causal=*/true, is_token};
  const nn::TensorScope embeddings = scope / "embeddings";
  const at::Tensor x = at::embedding(embeddings["token_embedding.weight"], input_ids) +
                       embeddings["position_embedding.weight"].narrow(0, 0, input_ids.size(1));
  const at::Tensor states = layers(pass, scope / "encoder", x, config.num_hidden_layers - skip_layers);
  return nn::layer_norm(states, scope / "final_layer_norm", config.layer_norm_eps);
}

at::Tensor text_states(const TextConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids, const at::Tensor& is_token,
                       int64_t skip_layers) {
  if (const auto* bert = std::get_if<BertConfig>(&config)) return bert_states(*bert, scope, input_ids, is_token, skip_layers);
  return clip_text_states(std::get<ClipTextConfig>(config), scope, input_ids, is_token, skip_layers);
}

at::Tensor caption_states(const TextConfig& config, const at::Tensor& states, const at::Tensor& input_ids) {
  const auto* clip = std::get_if<ClipTextConfig>(&config);
  if (clip == nullptr) return states.select(1, 0);
  const at::Tensor rows = at::arange(states.size(0), input_ids.options());
  return states.index({rows, end_positions(*clip, input_ids)});
}

at::Tensor clip_text_features(const ClipConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                              const at::Tensor& is_token) {
  const at::Tensor states = text_states(config.text, scope / "text_model", input_ids, is_token);
  return nn::linear(caption_states(config.text, states, input_ids), scope / "text_projection");
}

at::Tensor clip_image_features(const ClipConfig& config, const nn::TensorScope& scope, const at::Tensor& pixels) {
  const ClipVisionConfig& vision = config.vision;
  VITRINE_REQUIRE(pixels.dim() == 4 && pixels.size(1) == vision.num_channels && pixels.size(2) == vision.image_size &&
                      pixels.size(3) == vision.image_size,
                  "[clip_image_features] pixels: expected [B, ", vision.num_channels, ", ", vision.image_size, ", ", vision.image_size,
                  "], got ", pixels.sizes());
  return nn::linear(vision_pooled(vision, scope / "vision_model", pixels), scope / "visual_projection");
}

}  // namespace vitrine::models
