#include "models/unet/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "base/error.h"
#include "models/resnet_block.h"
#include "nn/attention.h"
#include "nn/checkpointing.h"
#include "nn/picture_ops.h"

namespace vitrine::models {
namespace {

constexpr double kTransformerNormEps = 1e-6;  // of the group norm before a transformer
constexpr double kLayerNormEps = 1e-5;

/// What enters a layer beside its input.
struct Conditions {
  at::Tensor time;     // [B, time_width], or [1, time_width] for all, after its activation
  at::Tensor context;  // [B, S, cross_attention_dim]
};

/// The blocks; small, so that a recomputed layer keeps a copy. Config, tensors and cache must outlive the backward pass.
class Blocks {
 public:
  Blocks(const UNetConfig& config, ContextCache* cache) : config_(&config), cache_(cache) {}

  at::Tensor resnet(const nn::TensorScope& scope, const at::Tensor& x, const Conditions& conditions) const {
    return resnet_block(scope, x, conditions.time, {config_->norm_num_groups, config_->norm_eps});
  }

  at::Tensor transformer(const nn::TensorScope& scope, const at::Tensor& x, const Conditions& conditions, size_t level) const {
    const int64_t B = x.size(0), C = x.size(1), H = x.size(2), W = x.size(3);
    at::Tensor hidden = nn::group_norm(x, scope / "norm", config_->norm_num_groups, kTransformerNormEps);
    hidden = nn::linear(hidden.permute({0, 2, 3, 1}).reshape({B, H * W, C}), scope / "proj_in");  // [B, HW, C]
    for (int64_t k = 0; k < config_->transformer_layers_per_block[level]; ++k) {
      hidden = transformer_block(scope.child("transformer_blocks", k), hidden, conditions, config_->num_attention_heads[level]);
    }
    const at::Tensor rows = x.permute({0, 2, 3, 1}).reshape({B, H * W, C});
    return nn::linear(hidden, scope / "proj_out", rows).view({B, H, W, C}).permute({0, 3, 1, 2});
  }

 private:
  at::Tensor transformer_block(const nn::TensorScope& scope, at::Tensor x, const Conditions& conditions, int64_t num_heads) const {
    const at::Tensor seen = nn::layer_norm(x, scope / "norm1", kLayerNormEps);
    x = attention(scope / "attn1", x, seen, projected(scope / "attn1", seen), num_heads);
    const ContextEntry text = text_entry(scope / "attn2", conditions.context);
    x = attention(scope / "attn2", x, nn::layer_norm(x, scope / "norm2", kLayerNormEps), text, num_heads);
    const at::Tensor inner = nn::linear(nn::layer_norm(x, scope / "norm3", kLayerNormEps), scope / "ff.net.0.proj");
    return nn::linear(nn::geglu(inner), scope / "ff.net.2", x);
  }

  /// x plus what `seen`, the normed x, finds in the context.
  static at::Tensor attention(const nn::TensorScope& scope, const at::Tensor& x, const at::Tensor& seen, const ContextEntry& context, int64_t num_heads) {
    const at::Tensor out = nn::attention(nn::linear(seen, scope / "to_q"), context.keys, context.values, num_heads);
    return nn::linear(out, scope / "to_out.0", x);
  }

  static ContextEntry projected(const nn::TensorScope& scope, const at::Tensor& context) {
    return {nn::linear(context, scope / "to_k"), nn::linear(context, scope / "to_v")};
  }

  ContextEntry text_entry(const nn::TensorScope& scope, const at::Tensor& context) const {
    if (cache_ == nullptr) return projected(scope, context);
    const auto [entry, is_new] = cache_->try_emplace(scope.full(""));
    if (is_new) entry->second = projected(scope, context);
    return entry->second;
  }

  const UNetConfig* config_;
  ContextCache* cache_;
};

/// The way through the network; one object for a call.
class UNetRun {
 public:
  UNetRun(const UNetConfig& config, const nn::TensorScope& scope, const at::Tensor& context, const UNetPass& pass)
      : config_(config), scope_(scope), pass_(pass), blocks_(config, pass.context_cache), conditions_{{}, context} {}

  at::Tensor operator()(const at::Tensor& latents, const at::Tensor& timesteps) {
    conditions_.time = at::silu(embedding(shared_timesteps(timesteps)));
    at::Tensor x = nn::conv2d(latents, scope_ / "conv_in");
    skips_ = {x};
    for (size_t level = 0; level < config_.num_levels(); ++level) x = down_block(x, level);
    x = mid_block(x);
    for (size_t idx = 0; idx < config_.num_levels(); ++idx) x = up_block(x, idx);
    x = nn::group_norm(x, scope_ / "conv_norm_out", config_.norm_num_groups, config_.norm_eps, nn::Then::silu);
    return nn::conv2d(x, scope_ / "conv_out");
  }

 private:
  /// [1] where all pictures are at the same timestep, as in sampling: then its embedding costs no pass over the pictures.
  at::Tensor shared_timesteps(const at::Tensor& timesteps) const {
    const bool can_tell = timesteps.is_cpu() && !pass_.timestep_cond.defined();  // reading values would make a GPU wait
    return can_tell && at::equal(timesteps, timesteps[0].expand_as(timesteps)) ? timesteps.narrow(0, 0, 1) : timesteps;
  }

  at::Tensor time_embedding(const at::Tensor& timesteps) const {
    const nn::TensorScope scope = scope_ / "time_embedding";
    at::Tensor x = timestep_embedding(timesteps, config_.block_out_channels.front(), config_.flip_sin_to_cos, config_.freq_shift)
                       .to(conditions_.context.scalar_type());
    if (pass_.timestep_cond.defined()) x = x + nn::linear(pass_.timestep_cond.to(x.scalar_type()), scope / "cond_proj");
    return nn::linear(at::silu(nn::linear(x, scope / "linear_1")), scope / "linear_2");
  }

  /// Of the time, and of the text where the config says so.  -> [B or 1, time_width]
  at::Tensor embedding(const at::Tensor& timesteps) const {
    const at::Tensor time = time_embedding(timesteps);
    return config_.addition_embed_heads > 0 ? time + text_embedding(scope_ / "add_embedding") : time;
  }

  /// The mean of the text states asks all of them, and the answer is projected.  -> [B, time_width]
  at::Tensor text_embedding(const nn::TensorScope& scope) const {
    const nn::TensorScope pool = scope / "pool";
    const at::Tensor states = nn::layer_norm(conditions_.context, scope / "norm1", kLayerNormEps);
    const at::Tensor mean = states.mean(1, /*keepdim=*/true) + pool["positional_embedding"];  // [B, 1, E]
    const at::Tensor all = at::cat({mean, states}, 1);
    const at::Tensor pooled = nn::attention(nn::linear(mean, pool / "q_proj"), nn::linear(all, pool / "k_proj"), nn::linear(all, pool / "v_proj"),
                                            config_.addition_embed_heads);
    return nn::layer_norm(nn::linear(pooled.squeeze(1), scope / "proj"), scope / "norm2", kLayerNormEps);
  }

  at::Tensor down_block(at::Tensor x, size_t level) {
    const nn::TensorScope block = scope_.child("down_blocks", static_cast<int64_t>(level));
    for (int64_t j = 0; j < config_.layers_per_block[level]; ++j) {
      x = layer(block, x, j, level, config_.has_attention_down(level));
      skips_.push_back(x);
    }
    if (level + 1 < config_.num_levels()) {
      x = nn::conv2d(x, block / "downsamplers.0.conv", 2, config_.downsample_padding);
      skips_.push_back(x);
    }
    return x;
  }

  at::Tensor mid_block(const at::Tensor& x) const {
    const nn::TensorScope block = scope_ / "mid_block";
    const at::Tensor hidden = layer(block, x, 0, config_.num_levels() - 1, true);
    return blocks_.resnet(block / "resnets.1", hidden, conditions_);
  }

  at::Tensor up_block(at::Tensor x, size_t idx) {
    const size_t level = config_.num_levels() - 1 - idx;
    const nn::TensorScope block = scope_.child("up_blocks", static_cast<int64_t>(idx));
    for (int64_t j = 0; j <= config_.layers_per_block[level]; ++j) {
      x = layer(block, at::cat({x, skips_.back()}, 1), j, level, config_.has_attention_up(idx));
      skips_.pop_back();
    }
    if (level == 0) return x;
    return nn::upsampled_conv2d(x, block / "upsamplers.0.conv", skips_.back().size(2), skips_.back().size(3));
  }

  /// Resnet j of a block and the transformer behind it.
  at::Tensor layer(const nn::TensorScope& block, const at::Tensor& x, int64_t j, size_t level, bool has_attention) const {
    const auto compute = [blocks = blocks_, block, j, level, has_attention](const std::vector<at::Tensor>& in) {
      const Conditions conditions{in[1], in[2]};
      const at::Tensor hidden = blocks.resnet(block.child("resnets", j), in[0], conditions);
      return has_attention ? blocks.transformer(block.child("attentions", j), hidden, conditions, level) : hidden;
    };
    const std::vector<at::Tensor> inputs{x, conditions_.time, conditions_.context};
    return pass_.gradient_checkpointing ? nn::checkpointed(inputs, compute) : compute(inputs);
  }

  const UNetConfig& config_;
  nn::TensorScope scope_;
  const UNetPass& pass_;
  Blocks blocks_;
  Conditions conditions_;
  std::vector<at::Tensor> skips_;  // of the way down, the deepest last
};

void check(const UNetConfig& config, const at::Tensor& latents, const at::Tensor& timesteps, const at::Tensor& context, const UNetPass& pass) {
  VITRINE_REQUIRE(latents.dim() == 4 && latents.size(1) == config.in_channels, "[unet_forward] latents: expected [B, ", config.in_channels,
                  ", h, w], got ", latents.sizes());
  VITRINE_REQUIRE(timesteps.dim() == 1 && timesteps.size(0) == latents.size(0), "[unet_forward] timesteps: expected [", latents.size(0), "], got ",
                  timesteps.sizes());
  VITRINE_REQUIRE(context.dim() == 3 && context.size(0) == latents.size(0) && context.size(2) == config.cross_attention_dim,
                  "[unet_forward] encoder_hidden_states: expected [", latents.size(0), ", S, ", config.cross_attention_dim, "], got ", context.sizes());
  VITRINE_REQUIRE(!pass.timestep_cond.defined() || config.time_cond_proj_dim > 0, "[unet_forward] timestep_cond: this model has no time_cond_proj_dim");
  VITRINE_REQUIRE(pass.context_cache == nullptr || !at::GradMode::is_enabled(), "[unet_forward] context_cache: only without gradient");
}

}  // namespace

at::Tensor timestep_embedding(const at::Tensor& timesteps, int64_t width, bool flip_sin_to_cos, double freq_shift) {
  const int64_t half = width / 2;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(timesteps.device());
  const double step = -std::log(10000.0) / (static_cast<double>(half) - freq_shift);
  const at::Tensor angles = timesteps.to(at::kFloat).unsqueeze(1) * at::exp(at::arange(half, options) * step);
  return flip_sin_to_cos ? at::cat({at::cos(angles), at::sin(angles)}, 1) : at::cat({at::sin(angles), at::cos(angles)}, 1);
}

at::Tensor unet_forward(const UNetConfig& config, const nn::TensorScope& scope, const at::Tensor& latents, const at::Tensor& timesteps,
                        const at::Tensor& encoder_hidden_states, const UNetPass& pass) {
  check(config, latents, timesteps, encoder_hidden_states, pass);
  const at::ScalarType dtype = scope["conv_in.weight"].scalar_type();
  return UNetRun(config, scope, encoder_hidden_states.to(dtype), pass)(latents.to(dtype), timesteps);
}

}  // namespace vitrine::models
