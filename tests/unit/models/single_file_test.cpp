#include "models/stable_diffusion/single_file.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "models/stable_diffusion/ldm_names.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

/// The shapes of a file that holds these two, without its numbers.
Shapes file_of(const UNetConfig& unet, const VaeConfig& vae = {}) {
  Shapes shapes;
  const auto unet_modules = ldm_unet_modules(unet), vae_modules = ldm_vae_modules(vae);
  for (const WeightSpec& spec : unet_weight_specs(unet)) shapes[concat(kLdmUNet, *to_ldm(unet_modules, spec.name))] = spec.shape;
  for (WeightSpec& spec : vae_weight_specs(vae)) {
    if (is_kernel_in_ldm(spec.name)) spec.shape.insert(spec.shape.end(), {1, 1});
    shapes[concat(kLdmVae, *to_ldm(vae_modules, spec.name))] = spec.shape;
  }
  return shapes;
}

UNetConfig sd2() {
  UNetConfig config;
  config.num_attention_heads = {5, 10, 20, 20};
  config.cross_attention_dim = 1024;
  config.use_linear_projection = true;
  return config;
}

TEST(SingleFileTest, SettingsOfThePublishedModelsAreReadOffTheShapes) {
  UNetConfig inpainting;
  inpainting.in_channels = 9;
  for (const UNetConfig& config : {UNetConfig{}, sd2(), inpainting}) {
    const Shapes shapes = file_of(config);
    EXPECT_NO_THROW(require_stable_diffusion(shapes, "model"));
    EXPECT_EQ(to_json(unet_config_of(shapes, "model")), to_json(config));
    EXPECT_EQ(to_json(vae_config_of(shapes, "model")), to_json(VaeConfig{}));
  }
}

TEST(SingleFileTest, SettingsOfASmallerPlanAreReadOffTheShapes) {
  UNetConfig config;
  config.block_out_channels = {32, 64, 96};
  config.layers_per_block = {1, 2, 1};
  config.transformer_layers_per_block = {1, 2, 3};
  config.num_attention_heads = {8, 8, 8};
  config.down_block_types = {"DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"};
  config.up_block_types = {"UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"};
  config.cross_attention_dim = 48;
  VaeConfig vae;
  vae.block_out_channels = {32, 64};
  vae.layers_per_block = 1;
  vae.latent_channels = 8;
  vae.use_quant_conv = vae.mid_block_add_attention = false;
  const Shapes shapes = file_of(config, vae);
  EXPECT_EQ(to_json(unet_config_of(shapes, "model")), to_json(config));
  EXPECT_EQ(to_json(vae_config_of(shapes, "model")), to_json(vae));
}

TEST(SingleFileTest, AWidthThatTheUsualGroupsDoNotDivideAsksForSettings) {
  UNetConfig config;
  config.block_out_channels = {16, 32, 32, 32};
  config.norm_num_groups = 16;
  const std::string message = message_of<InvalidInput>([&] { unet_config_of(file_of(config), "tiny.safetensors"); });
  EXPECT_NE(message.find("tiny.safetensors: UNet: a width of 16 does not fit 32 groups"), std::string::npos) << message;
}

TEST(SingleFileTest, OtherArchitecturesAreRefusedByTheirName) {
  const auto refusal = [](const Shapes& shapes) { return message_of<InvalidInput>([&] { require_stable_diffusion(shapes, "x.safetensors"); }); };
  const std::pair<Shapes, const char*> kCases[] = {
      {{{"conditioner.embedders.0.transformer.text_model.final_layer_norm.bias", {768}}}, "Stable Diffusion XL"},
      {{{"control_model.time_embed.0.weight", {1280, 320}}}, "ControlNet"},
      {{{"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.bias", {1}}}, "Stable Diffusion 3"},
      {{{"double_blocks.0.img_attn.qkv.weight", {1}}}, "Flux"},
      {{{"lora_unet_mid_block_attentions_0_proj_in.alpha", {}}}, "a LoRA"},
      {{{"model.diffusion_model.input_blocks.0.0.weight", {320, 4, 3, 3}}}, "without its VAE"},
      {{{"wte.weight", {1, 1}}}, "no known kind"}};
  for (const auto& [shapes, named] : kCases) {
    const std::string message = refusal(shapes);
    EXPECT_NE(message.find("x.safetensors: WGT_ARCH: "), std::string::npos) << message;
    EXPECT_NE(message.find(named), std::string::npos) << message;
  }
}

TEST(SingleFileTest, TheTextEncoderIsFoundUnderEitherPrefix) {
  EXPECT_EQ(ldm_text_prefix({{"cond_stage_model.transformer.text_model.final_layer_norm.bias", {8}}}, "x"), kLdmClip);
  EXPECT_EQ(ldm_text_prefix({{"cond_stage_model.model.ln_final.bias", {8}}}, "x"), kLdmOpenClip);
  EXPECT_NE(message_of<InvalidInput>([] { ldm_text_prefix({{"cond_stage_model.bert.x", {8}}}, "x"); }).find("WGT_ARCH"), std::string::npos);
}

TEST(SingleFileTest, BuffersAndAveragesAreIgnoredAndNothingElse) {
  for (const char* name : {"betas", "alphas_cumprod", "posterior_mean_coef2", "model_ema.decay", "model_ema.diffusion_modelout2weight", "logvar",
                           "first_stage_model.loss.discriminator.main.0.weight"}) {
    EXPECT_TRUE(is_ignored_in_ldm(name)) << name;
  }
  for (const char* name : {"embedding_manager.x", "betas2", "cond_stage_model.x", "model.diffusion_model.out.2.weight"}) {
    EXPECT_FALSE(is_ignored_in_ldm(name)) << name;
  }
  EXPECT_EQ(ldm_average_name("input_blocks.0.0.weight"), "model_ema.diffusion_modelinput_blocks00weight");
}

}  // namespace
}  // namespace vitrine::models
