// UNet: what its config refuses, and text that enters the time embedding.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/initialize_pictures.h"
#include "models/tensor_files.h"
#include "models/unet/module.h"
#include "models/unet/weights.h"

namespace vitrine::models {
namespace {

UNetConfig small(int64_t addition_embed_heads) {
  UNetConfig config;
  config.in_channels = config.out_channels = 4;
  config.block_out_channels = {8, 16};
  config.down_block_types = {"DownBlock2D", "CrossAttnDownBlock2D"};
  config.up_block_types = {"CrossAttnUpBlock2D", "UpBlock2D"};
  config.layers_per_block = config.transformer_layers_per_block = {1, 1};
  config.num_attention_heads = {2, 2};
  config.norm_num_groups = 4;
  config.cross_attention_dim = 12;
  config.addition_embed_heads = addition_embed_heads;
  return config;
}

at::Tensor waves(at::IntArrayRef shape, double step) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  return (at::arange(numel, at::kFloat) * step).sin().view(shape);
}

/// What a network with first weights says about one picture and a text.
at::Tensor sample(int64_t addition_embed_heads, double norm_weight) {
  const UNetConfig config = small(addition_embed_heads);
  nn::ParameterStore parameters(parameter_specs(unet_weight_specs(config)), at::kCPU);
  initialize_pictures(parameters, RandomKey(5), /*zero_output=*/false);
  for (const nn::ParameterSpec& spec : parameters.specs()) {  // residual branches begin as nothing, which would hide what enters them
    if (spec.name.ends_with(".conv2.weight")) parameters.value(spec.name).detach().copy_(waves(spec.shape, 0.9) * 0.1);
  }
  if (norm_weight != 0) parameters.value("add_embedding.norm2.weight").detach().fill_(norm_weight);
  parameters.refresh_compute_copy();
  const nn::TrainedTensors tensors(parameters, at::kFloat);
  return unet_forward(config, nn::TensorScope(tensors), waves({2, 4, 8, 8}, 0.3), at::tensor({10.0F, 900.0F}), waves({2, 5, 12}, 0.7)).detach();
}

TEST(UNet, TextThatEntersTheTimeBeginsAsNothing) {
  EXPECT_TRUE(at::equal(sample(3, 0), sample(0, 0)));
  EXPECT_FALSE(at::allclose(sample(3, 0.5), sample(0, 0), 1e-3, 1e-3));
}

TEST(UNet, AnotherAdditionToTheTimeIsRefused) {
  Json json = to_json(small(0));
  json["addition_embed_type"] = "text_time";
  try {
    unet_config_from_json(json, "unet/config.json");
    FAIL() << "not refused";
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("addition_embed_type: \"text_time\" is not supported (WGT_ARCH)"), std::string::npos) << error.what();
  }
}

TEST(UNet, HeadsThatDoNotDivideTheTextAreRefused) {
  Json json = to_json(small(0));
  json["addition_embed_type"] = "text";  // 64 heads where none are named
  EXPECT_THROW(unet_config_from_json(json, "unet/config.json"), InvalidInput);
  json["addition_embed_type_num_heads"] = 3;
  EXPECT_EQ(unet_config_from_json(json, "unet/config.json").addition_embed_heads, 3);
}

}  // namespace
}  // namespace vitrine::models
