#include "models/unet/weights.h"

#include <memory>

#include "base/error.h"
#include "models/diffusers_files.h"
#include "models/weight_matcher.h"
#include "models/weight_specs.h"

namespace vitrine::models {
namespace {

using Specs = std::vector<WeightSpec>;

void add_resnet(Specs& specs, const std::string& name, int64_t in, int64_t out, int64_t time_width) {
  add_norm(specs, name + ".norm1", in);
  add_conv(specs, name + ".conv1", out, in, 3);
  add_linear(specs, name + ".time_emb_proj", out, time_width);
  add_norm(specs, name + ".norm2", out);
  add_conv(specs, name + ".conv2", out, out, 3);
  if (in != out) add_conv(specs, name + ".conv_shortcut", out, in, 1);
}

void add_attention(Specs& specs, const std::string& name, int64_t C, int64_t context_width) {
  add_linear(specs, name + ".to_q", C, C, Bias::no);
  add_linear(specs, name + ".to_k", C, context_width, Bias::no);
  add_linear(specs, name + ".to_v", C, context_width, Bias::no);
  add_linear(specs, name + ".to_out.0", C, C);
}

void add_transformer(Specs& specs, const UNetConfig& config, const std::string& name, size_t level) {
  const int64_t C = config.block_out_channels[level];
  const auto add_projection = [&](const std::string& part) {
    if (config.use_linear_projection) {
      add_linear(specs, name + part, C, C);
    } else {
      add_conv(specs, name + part, C, C, 1);
    }
  };
  add_norm(specs, name + ".norm", C);
  add_projection(".proj_in");
  for (int64_t k = 0; k < config.transformer_layers_per_block[level]; ++k) {
    const std::string block = concat(name, ".transformer_blocks.", k);
    add_norm(specs, block + ".norm1", C);
    add_attention(specs, block + ".attn1", C, C);
    add_norm(specs, block + ".norm2", C);
    add_attention(specs, block + ".attn2", C, config.cross_attention_dim);
    add_norm(specs, block + ".norm3", C);
    add_linear(specs, block + ".ff.net.0.proj", 8 * C, C);
    add_linear(specs, block + ".ff.net.2", C, 4 * C);
  }
  add_projection(".proj_out");
}

/// The text states, pooled by attention of their mean, on their way into the time embedding.
void add_text_embedding(Specs& specs, const UNetConfig& config) {
  const int64_t E = config.cross_attention_dim;
  add_norm(specs, "add_embedding.norm1", E);
  specs.push_back({"add_embedding.pool.positional_embedding", {1, E}});
  for (const char* part : {"q_proj", "k_proj", "v_proj"}) add_linear(specs, concat("add_embedding.pool.", part), E, E);
  add_linear(specs, "add_embedding.proj", config.time_width(), E);
  add_norm(specs, "add_embedding.norm2", config.time_width());
}

void add_down_block(Specs& specs, const UNetConfig& config, size_t level) {
  const std::string name = concat("down_blocks.", level);
  const int64_t out = config.block_out_channels[level];
  int64_t in = config.block_out_channels[level == 0 ? 0 : level - 1];
  for (int64_t j = 0; j < config.layers_per_block[level]; ++j) {
    add_resnet(specs, concat(name, ".resnets.", j), in, out, config.time_width());
    if (config.has_attention_down(level)) add_transformer(specs, config, concat(name, ".attentions.", j), level);
    in = out;
  }
  if (level + 1 < config.num_levels()) add_conv(specs, name + ".downsamplers.0.conv", out, out, 3);
}

void add_mid_block(Specs& specs, const UNetConfig& config) {
  const int64_t C = config.block_out_channels.back();
  add_resnet(specs, "mid_block.resnets.0", C, C, config.time_width());
  add_transformer(specs, config, "mid_block.attentions.0", config.num_levels() - 1);
  add_resnet(specs, "mid_block.resnets.1", C, C, config.time_width());
}

void add_up_block(Specs& specs, const UNetConfig& config, size_t idx) {
  const std::string name = concat("up_blocks.", idx);
  const size_t level = config.num_levels() - 1 - idx;
  const int64_t out = config.block_out_channels[level];
  for (int64_t j = 0; j <= config.layers_per_block[level]; ++j) {
    const UpChannels channels = up_channels(config, idx, j);
    add_resnet(specs, concat(name, ".resnets.", j), channels.hidden + channels.skip, out, config.time_width());
    if (config.has_attention_up(idx)) add_transformer(specs, config, concat(name, ".attentions.", j), level);
  }
  if (level > 0) add_conv(specs, name + ".upsamplers.0.conv", out, out, 3);
}

}  // namespace

UpChannels up_channels(const UNetConfig& config, size_t idx, int64_t layer) {
  const size_t level = config.num_levels() - 1 - idx;
  const auto& widths = config.block_out_channels;
  const int64_t below = idx == 0 ? widths.back() : widths[level + 1];
  const int64_t above = widths[level == 0 ? 0 : level - 1];
  return {layer == 0 ? below : widths[level], layer == config.layers_per_block[level] ? above : widths[level]};
}

std::vector<WeightSpec> unet_weight_specs(const UNetConfig& config) {
  Specs specs;
  const int64_t first = config.block_out_channels.front(), time = config.time_width();
  add_conv(specs, "conv_in", first, config.in_channels, 3);
  add_linear(specs, "time_embedding.linear_1", time, first);
  if (config.time_cond_proj_dim > 0) add_linear(specs, "time_embedding.cond_proj", first, config.time_cond_proj_dim, Bias::no);
  add_linear(specs, "time_embedding.linear_2", time, time);
  if (config.addition_embed_heads > 0) add_text_embedding(specs, config);
  for (size_t level = 0; level < config.num_levels(); ++level) add_down_block(specs, config, level);
  add_mid_block(specs, config);
  for (size_t idx = 0; idx < config.num_levels(); ++idx) add_up_block(specs, config, idx);
  add_norm(specs, "conv_norm_out", first);
  add_conv(specs, "conv_out", config.out_channels, first, 3);
  return specs;
}

Weights match_unet_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const UNetConfig& config) {
  WeightMatcher matcher(std::move(checkpoint), [](const std::string& stored) { return std::optional(stored); });
  for (const WeightSpec& spec : unet_weight_specs(config)) matcher.match(spec);
  return matcher.finish("load_unet_weights", where);
}

Weights load_unet_weights(const std::filesystem::path& unet_dir, const UNetConfig& config) {
  return match_unet_weights(open_diffusers_checkpoint(unet_dir), unet_dir, config);
}

}  // namespace vitrine::models
