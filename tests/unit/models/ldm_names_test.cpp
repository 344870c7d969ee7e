#include "models/stable_diffusion/ldm_names.h"

#include <gtest/gtest.h>

#include <set>

#include "models/unet/weights.h"
#include "models/vae/weights.h"

namespace vitrine::models {
namespace {

using Pair = std::pair<const char*, const char*>;

TEST(LdmNamesTest, TheFourLevelsOfStableDiffusionHaveTheirPublishedNames) {
  const auto modules = ldm_unet_modules({});
  for (const auto& [own, ldm] : {Pair{"conv_in.weight", "input_blocks.0.0.weight"},
                                 {"time_embedding.linear_2.bias", "time_embed.2.bias"},
                                 {"down_blocks.0.resnets.0.norm1.weight", "input_blocks.1.0.in_layers.0.weight"},
                                 {"down_blocks.1.resnets.0.conv_shortcut.weight", "input_blocks.4.0.skip_connection.weight"},
                                 {"down_blocks.0.downsamplers.0.conv.weight", "input_blocks.3.0.op.weight"},
                                 {"down_blocks.2.attentions.1.proj_in.weight", "input_blocks.8.1.proj_in.weight"},
                                 {"down_blocks.3.resnets.1.conv2.weight", "input_blocks.11.0.out_layers.3.weight"},
                                 {"mid_block.resnets.1.time_emb_proj.bias", "middle_block.2.emb_layers.1.bias"},
                                 {"mid_block.attentions.0.norm.weight", "middle_block.1.norm.weight"},
                                 {"up_blocks.0.upsamplers.0.conv.weight", "output_blocks.2.1.conv.weight"},
                                 {"up_blocks.1.upsamplers.0.conv.bias", "output_blocks.5.2.conv.bias"},
                                 {"up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_k.weight", "output_blocks.11.1.transformer_blocks.0.attn2.to_k.weight"},
                                 {"conv_norm_out.bias", "out.0.bias"},
                                 {"conv_out.weight", "out.2.weight"}}) {
    EXPECT_EQ(to_ldm(modules, own), ldm);
    EXPECT_EQ(from_ldm(modules, ldm), own);
  }
}

TEST(LdmNamesTest, TheVaeCountsItsWayUpFromTheOtherEnd) {
  const auto modules = ldm_vae_modules({});
  for (const auto& [own, ldm] : {Pair{"encoder.down_blocks.2.resnets.1.conv1.weight", "encoder.down.2.block.1.conv1.weight"},
                                 {"encoder.down_blocks.0.downsamplers.0.conv.weight", "encoder.down.0.downsample.conv.weight"},
                                 {"decoder.up_blocks.0.resnets.2.norm2.weight", "decoder.up.3.block.2.norm2.weight"},
                                 {"decoder.up_blocks.2.resnets.0.conv_shortcut.bias", "decoder.up.1.block.0.nin_shortcut.bias"},
                                 {"decoder.up_blocks.1.upsamplers.0.conv.weight", "decoder.up.2.upsample.conv.weight"},
                                 {"encoder.mid_block.attentions.0.to_out.0.weight", "encoder.mid.attn_1.proj_out.weight"},
                                 {"decoder.mid_block.attentions.0.group_norm.bias", "decoder.mid.attn_1.norm.bias"},
                                 {"encoder.conv_norm_out.weight", "encoder.norm_out.weight"},
                                 {"post_quant_conv.weight", "post_quant_conv.weight"}}) {
    EXPECT_EQ(to_ldm(modules, own), ldm);
    EXPECT_EQ(from_ldm(modules, ldm), own);
  }
}

/// Every tensor has a name of its own in a file, and comes back from it.
void expect_both_ways(const std::vector<LdmModule>& modules, const std::vector<WeightSpec>& specs) {
  std::set<std::string> names;
  for (const WeightSpec& spec : specs) {
    const auto ldm = to_ldm(modules, spec.name);
    ASSERT_TRUE(ldm) << spec.name;
    EXPECT_TRUE(names.insert(*ldm).second) << *ldm;
    EXPECT_EQ(from_ldm(modules, *ldm), spec.name);
  }
}

TEST(LdmNamesTest, EveryTensorOfAnyConfigGoesThereAndBack) {
  UNetConfig small;
  small.block_out_channels = {32, 64, 64};
  small.layers_per_block = {1, 3, 2};
  small.transformer_layers_per_block = {1, 2, 1};
  small.num_attention_heads = {2, 2, 2};
  small.down_block_types = {"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"};
  small.up_block_types = {"CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"};
  small.time_cond_proj_dim = 8;
  UNetConfig flat = small;
  flat.block_out_channels = {32};
  flat.layers_per_block = flat.transformer_layers_per_block = flat.num_attention_heads = {1};
  flat.down_block_types = {"CrossAttnDownBlock2D"};
  flat.up_block_types = {"CrossAttnUpBlock2D"};
  for (const UNetConfig& config : {UNetConfig{}, small, flat}) expect_both_ways(ldm_unet_modules(config), unet_weight_specs(config));
  VaeConfig short_vae;
  short_vae.block_out_channels = {32, 32};
  short_vae.layers_per_block = 1;
  for (const VaeConfig& config : {VaeConfig{}, short_vae}) expect_both_ways(ldm_vae_modules(config), vae_weight_specs(config));
}

TEST(LdmNamesTest, ANameOfNoModuleIsNotTranslated) {
  const auto modules = ldm_unet_modules({});
  EXPECT_EQ(from_ldm(modules, "input_blocks.12.0.in_layers.0.weight"), std::nullopt);
  EXPECT_EQ(from_ldm(modules, "input_blocks.1.0.in_layers.01.weight"), std::nullopt);
  EXPECT_EQ(to_ldm(modules, "down_blocks.3.attentions.0.norm.weight"), std::nullopt);
}

TEST(LdmNamesTest, OnlyMatricesOfTheVaesAttentionAreKernelsInAFile) {
  EXPECT_TRUE(is_kernel_in_ldm("encoder.mid_block.attentions.0.to_q.weight"));
  EXPECT_TRUE(is_kernel_in_ldm("decoder.mid_block.attentions.0.to_out.0.weight"));
  EXPECT_FALSE(is_kernel_in_ldm("encoder.mid_block.attentions.0.to_q.bias"));
  EXPECT_FALSE(is_kernel_in_ldm("encoder.mid_block.attentions.0.group_norm.weight"));
  EXPECT_FALSE(is_kernel_in_ldm("encoder.mid_block.resnets.0.conv1.weight"));
}

}  // namespace
}  // namespace vitrine::models
