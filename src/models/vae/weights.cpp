#include "models/vae/weights.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "models/diffusers_files.h"
#include "models/weight_matcher.h"
#include "models/weight_specs.h"

namespace vitrine::models {
namespace {

using Specs = std::vector<WeightSpec>;

void add_resnet(Specs& specs, const std::string& name, int64_t in, int64_t out) {
  add_norm(specs, name + ".norm1", in);
  add_conv(specs, name + ".conv1", out, in, 3);
  add_norm(specs, name + ".norm2", out);
  add_conv(specs, name + ".conv2", out, out, 3);
  if (in != out) add_conv(specs, name + ".conv_shortcut", out, in, 1);
}

void add_mid_block(Specs& specs, const VaeConfig& config, const std::string& name) {
  const int64_t C = config.block_out_channels.back();
  add_resnet(specs, name + ".resnets.0", C, C);
  if (config.mid_block_add_attention) {
    const std::string attention = name + ".attentions.0";
    add_norm(specs, attention + ".group_norm", C);
    for (const char* part : {".to_q", ".to_k", ".to_v", ".to_out.0"}) add_linear(specs, attention + part, C, C);
  }
  add_resnet(specs, name + ".resnets.1", C, C);
}

void add_encoder(Specs& specs, const VaeConfig& config) {
  const auto& widths = config.block_out_channels;
  add_conv(specs, "encoder.conv_in", widths.front(), config.in_channels, 3);
  int64_t in = widths.front();
  for (size_t level = 0; level < widths.size(); ++level) {
    const std::string block = concat("encoder.down_blocks.", level);
    for (int64_t j = 0; j < config.layers_per_block; ++j) {
      add_resnet(specs, concat(block, ".resnets.", j), in, widths[level]);
      in = widths[level];
    }
    if (level + 1 < widths.size()) add_conv(specs, block + ".downsamplers.0.conv", in, in, 3);
  }
  add_mid_block(specs, config, "encoder.mid_block");
  add_norm(specs, "encoder.conv_norm_out", in);
  add_conv(specs, "encoder.conv_out", 2 * config.latent_channels, in, 3);
}

void add_decoder(Specs& specs, const VaeConfig& config) {
  const auto& widths = config.block_out_channels;
  int64_t in = widths.back();
  add_conv(specs, "decoder.conv_in", in, config.latent_channels, 3);
  add_mid_block(specs, config, "decoder.mid_block");
  for (size_t idx = 0; idx < widths.size(); ++idx) {
    const int64_t out = widths[widths.size() - 1 - idx];
    const std::string block = concat("decoder.up_blocks.", idx);
    for (int64_t j = 0; j <= config.layers_per_block; ++j) {
      add_resnet(specs, concat(block, ".resnets.", j), in, out);
      in = out;
    }
    if (idx + 1 < widths.size()) add_conv(specs, block + ".upsamplers.0.conv", out, out, 3);
  }
  add_norm(specs, "decoder.conv_norm_out", in);
  add_conv(specs, "decoder.conv_out", config.out_channels, in, 3);
}

}  // namespace

std::vector<WeightSpec> vae_weight_specs(const VaeConfig& config) {
  Specs specs;
  add_encoder(specs, config);
  add_decoder(specs, config);
  if (config.use_quant_conv) add_conv(specs, "quant_conv", 2 * config.latent_channels, 2 * config.latent_channels, 1);
  if (config.use_post_quant_conv) add_conv(specs, "post_quant_conv", config.latent_channels, config.latent_channels, 1);
  return specs;
}

std::string vae_present_name(const std::string& stored) {
  const size_t at = stored.find(".attentions.0.");
  if (at == std::string::npos) return stored;
  const size_t begin = at + std::string_view(".attentions.0.").size(), end = stored.rfind('.');
  if (end == std::string::npos || end < begin) return stored;
  const std::string part = stored.substr(begin, end - begin);
  for (const auto& [old_name, name] : {std::pair{"query", "to_q"}, {"key", "to_k"}, {"value", "to_v"}, {"proj_attn", "to_out.0"}}) {
    if (part == old_name) return stored.substr(0, begin) + name + stored.substr(end);
  }
  return stored;
}

Weights match_vae_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const VaeConfig& config) {
  WeightMatcher matcher(std::move(checkpoint), [](const std::string& stored) { return std::optional(vae_present_name(stored)); });
  for (const WeightSpec& spec : vae_weight_specs(config)) matcher.match(spec);
  return matcher.finish("load_vae_weights", where);
}

Weights load_vae_weights(const std::filesystem::path& vae_dir, const VaeConfig& config) {
  return match_vae_weights(open_diffusers_checkpoint(vae_dir), vae_dir, config);
}

}  // namespace vitrine::models
