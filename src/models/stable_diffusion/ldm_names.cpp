#include "models/stable_diffusion/ldm_names.h"

#include "base/error.h"

namespace vitrine::models {
namespace {

using Modules = std::vector<LdmModule>;

void add_unet_resnet(Modules& modules, const std::string& own, const std::string& ldm) {
  modules.push_back({own + ".norm1", ldm + ".in_layers.0"});
  modules.push_back({own + ".conv1", ldm + ".in_layers.2"});
  modules.push_back({own + ".time_emb_proj", ldm + ".emb_layers.1"});
  modules.push_back({own + ".norm2", ldm + ".out_layers.0"});
  modules.push_back({own + ".conv2", ldm + ".out_layers.3"});
  modules.push_back({own + ".conv_shortcut", ldm + ".skip_connection"});
}

void add_way_down(Modules& modules, const UNetConfig& config) {
  int64_t input = 1;  // 0 is conv_in
  for (size_t level = 0; level < config.num_levels(); ++level) {
    const std::string own = concat("down_blocks.", level);
    for (int64_t j = 0; j < config.layers_per_block[level]; ++j, ++input) {
      add_unet_resnet(modules, concat(own, ".resnets.", j), concat("input_blocks.", input, ".0"));
      if (config.has_attention_down(level)) modules.push_back({concat(own, ".attentions.", j), concat("input_blocks.", input, ".1")});
    }
    if (level + 1 < config.num_levels()) modules.push_back({own + ".downsamplers.0.conv", concat("input_blocks.", input++, ".0.op")});
  }
}

void add_way_up(Modules& modules, const UNetConfig& config) {
  int64_t output = 0;
  for (size_t idx = 0; idx < config.num_levels(); ++idx) {
    const std::string own = concat("up_blocks.", idx);
    const size_t level = config.num_levels() - 1 - idx;
    for (int64_t j = 0; j <= config.layers_per_block[level]; ++j, ++output) {
      add_unet_resnet(modules, concat(own, ".resnets.", j), concat("output_blocks.", output, ".0"));
      if (config.has_attention_up(idx)) modules.push_back({concat(own, ".attentions.", j), concat("output_blocks.", output, ".1")});
    }
    // The upsampler is the last part of the level's last block.
    const int part = config.has_attention_up(idx) ? 2 : 1;
    if (level > 0) modules.push_back({own + ".upsamplers.0.conv", concat("output_blocks.", output - 1, ".", part, ".conv")});
  }
}

void add_vae_resnet(Modules& modules, const std::string& own, const std::string& ldm) {
  for (const char* part : {".norm1", ".conv1", ".norm2", ".conv2"}) modules.push_back({own + part, ldm + part});
  modules.push_back({own + ".conv_shortcut", ldm + ".nin_shortcut"});
}

void add_vae_ends(Modules& modules, const std::string& side) {
  add_vae_resnet(modules, side + ".mid_block.resnets.0", side + ".mid.block_1");
  add_vae_resnet(modules, side + ".mid_block.resnets.1", side + ".mid.block_2");
  const std::string own = side + ".mid_block.attentions.0", ldm = side + ".mid.attn_1";
  modules.push_back({own + ".group_norm", ldm + ".norm"});
  modules.push_back({own + ".to_q", ldm + ".q"});
  modules.push_back({own + ".to_k", ldm + ".k"});
  modules.push_back({own + ".to_v", ldm + ".v"});
  modules.push_back({own + ".to_out.0", ldm + ".proj_out"});
  modules.push_back({side + ".conv_in", side + ".conv_in"});
  modules.push_back({side + ".conv_norm_out", side + ".norm_out"});
  modules.push_back({side + ".conv_out", side + ".conv_out"});
}

void add_encoder(Modules& modules, const VaeConfig& config) {
  for (size_t level = 0; level < config.num_levels(); ++level) {
    const std::string own = concat("encoder.down_blocks.", level), ldm = concat("encoder.down.", level);
    for (int64_t j = 0; j < config.layers_per_block; ++j) add_vae_resnet(modules, concat(own, ".resnets.", j), concat(ldm, ".block.", j));
    modules.push_back({own + ".downsamplers.0", ldm + ".downsample"});
  }
}

void add_decoder(Modules& modules, const VaeConfig& config) {
  for (size_t idx = 0; idx < config.num_levels(); ++idx) {
    const std::string own = concat("decoder.up_blocks.", idx), ldm = concat("decoder.up.", config.num_levels() - 1 - idx);
    for (int64_t j = 0; j <= config.layers_per_block; ++j) add_vae_resnet(modules, concat(own, ".resnets.", j), concat(ldm, ".block.", j));
    modules.push_back({own + ".upsamplers.0", ldm + ".upsample"});
  }
}

bool is_in(std::string_view name, std::string_view module) {
  return name.starts_with(module) && (name.size() == module.size() || name[module.size()] == '.');
}

/// `name` with the start `from` of the module it is in replaced by `to`. No module lies in another one.
std::optional<std::string> renamed(const Modules& modules, std::string_view name, std::string LdmModule::*from, std::string LdmModule::*to) {
  for (const LdmModule& module : modules) {
    if (is_in(name, module.*from)) return concat(module.*to, name.substr((module.*from).size()));
  }
  return std::nullopt;
}

}  // namespace

std::vector<LdmModule> ldm_unet_modules(const UNetConfig& config) {
  Modules modules{{"conv_in", "input_blocks.0.0"},
                  {"time_embedding.linear_1", "time_embed.0"},
                  {"time_embedding.linear_2", "time_embed.2"},
                  {"time_embedding.cond_proj", "time_embed.cond_proj"}};
  add_way_down(modules, config);
  add_unet_resnet(modules, "mid_block.resnets.0", "middle_block.0");
  modules.push_back({"mid_block.attentions.0", "middle_block.1"});
  add_unet_resnet(modules, "mid_block.resnets.1", "middle_block.2");
  add_way_up(modules, config);
  modules.push_back({"conv_norm_out", "out.0"});
  modules.push_back({"conv_out", "out.2"});
  return modules;
}

std::vector<LdmModule> ldm_vae_modules(const VaeConfig& config) {
  Modules modules;
  add_encoder(modules, config);
  add_vae_ends(modules, "encoder");
  add_decoder(modules, config);
  add_vae_ends(modules, "decoder");
  modules.push_back({"quant_conv", "quant_conv"});
  modules.push_back({"post_quant_conv", "post_quant_conv"});
  return modules;
}

std::optional<std::string> to_ldm(const std::vector<LdmModule>& modules, std::string_view own) {
  return renamed(modules, own, &LdmModule::own, &LdmModule::ldm);
}

std::optional<std::string> from_ldm(const std::vector<LdmModule>& modules, std::string_view ldm) {
  return renamed(modules, ldm, &LdmModule::ldm, &LdmModule::own);
}

bool is_kernel_in_ldm(std::string_view own_vae_name) {
  return own_vae_name.find(".attentions.") != std::string_view::npos && own_vae_name.find(".to_") != std::string_view::npos &&
         own_vae_name.ends_with(".weight");
}

}  // namespace vitrine::models
