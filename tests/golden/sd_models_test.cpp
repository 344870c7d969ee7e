// UNet and VAE against diffusers: tools/golden/sd_tiny.py wrote the models, inputs and outputs.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "models/tensor_files.h"
#include "models/unet/module.h"
#include "models/unet/weights.h"
#include "models/vae/module.h"
#include "models/vae/weights.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd";
constexpr double kTolerance = 1e-5;  // relative; the requirement is 1e-4

class Case {
 public:
  explicit Case(const std::string& name) : dir(kGolden / name), file_(dir / "io.safetensors") {}
  at::Tensor operator[](const std::string& name) const {
    const io::TensorView* view = file_.find(name);
    if (view == nullptr) return {};
    return read_parameter({name, view->shape}, *view);
  }
  const std::filesystem::path dir;

 private:
  io::SafetensorsFile file_;
};

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

class UNetGoldenTest : public testing::TestWithParam<const char*> {
 protected:
  Case golden{GetParam()};
  UNetConfig config = read_unet_config(golden.dir);
  nn::FrozenTensors tensors{frozen_tensors(load_unet_weights(golden.dir, config), unet_weight_specs(config), {})};
  UNetPass pass{.timestep_cond = golden["timestep_cond"]};

  at::Tensor sample() {
    return unet_forward(config, nn::TensorScope(tensors), golden["latents"], golden["timesteps"], golden["states"], pass);
  }
};

TEST_P(UNetGoldenTest, EqualsDiffusers) { EXPECT_LT(relative_error(sample(), golden["sample"]), kTolerance); }

TEST_P(UNetGoldenTest, ChannelsLastGivesTheSame) {
  const at::Tensor latents = golden["latents"].contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor actual = unet_forward(config, nn::TensorScope(tensors), latents, golden["timesteps"], golden["states"], pass);
  EXPECT_LT(relative_error(actual, golden["sample"]), kTolerance);
}

TEST_P(UNetGoldenTest, ASecondStepWithKeptTextKeysGivesTheSame) {
  const at::NoGradGuard no_grad;
  ContextCache cache;
  pass.context_cache = &cache;
  const at::Tensor first = sample();
  EXPECT_FALSE(cache.empty());
  EXPECT_TRUE(at::equal(sample(), first));
}

TEST_P(UNetGoldenTest, RecomputedLayersGiveTheSameGradients) {
  const auto gradient = [&](bool checkpointing) {
    const at::Tensor states = golden["states"].detach().requires_grad_(true);
    pass.gradient_checkpointing = checkpointing;
    unet_forward(config, nn::TensorScope(tensors), golden["latents"], golden["timesteps"], states, pass).square().sum().backward();
    return states.grad();
  };
  EXPECT_LT(relative_error(gradient(true), gradient(false)), kTolerance);
}

TEST_P(UNetGoldenTest, ConfigSurvivesTheWayThroughAFile) {
  EXPECT_EQ(to_json(unet_config_from_json(to_json(config), "copy")), to_json(config));
}

INSTANTIATE_TEST_SUITE_P(Cases, UNetGoldenTest, testing::Values("unet_sd1", "unet_sd2", "unet_inpaint", "unet_lcm_odd", "unet_text_time"),
                         [](const auto& test) { return std::string(test.param); });

class VaeGoldenTest : public testing::TestWithParam<const char*> {
 protected:
  Case golden{GetParam()};
  VaeConfig config = read_vae_config(golden.dir);
  nn::FrozenTensors tensors{frozen_tensors(load_vae_weights(golden.dir, config), vae_weight_specs(config), {})};
};

TEST_P(VaeGoldenTest, EncodesAsDiffusers) {
  const LatentDistribution latents = vae_encode(config, nn::TensorScope(tensors), golden["pictures"]);
  EXPECT_LT(relative_error(latents.mean, golden["mean"]), kTolerance);
  EXPECT_LT(relative_error(latents.logvar, golden["logvar"]), kTolerance);
}

TEST_P(VaeGoldenTest, DecodesAsDiffusers) {
  EXPECT_LT(relative_error(vae_decode(config, nn::TensorScope(tensors), golden["latents"]), golden["decoded"]), kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Cases, VaeGoldenTest, testing::Values("vae_sd", "vae_plain"), [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace vitrine::models
