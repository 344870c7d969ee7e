// Both layouts of Stable Diffusion against diffusers: tools/golden/sd_layouts.py wrote one model as a single file and as a
// directory, and what diffusers computes with it.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/stable_diffusion/model.h"
#include "models/stable_diffusion/save.h"
#include "models/unet/module.h"
#include "models/unet/weights.h"
#include "models/vae/module.h"
#include "models/vae/weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts";
constexpr double kTolerance = 1e-5;  // relative; the requirement is 1e-4

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

/// All own tensors of both are equal to the last bit.
void expect_equal_weights(const StableDiffusionFiles& a, const StableDiffusionFiles& b) {
  const auto expect_equal = [](const Weights& left, const Weights& right, const std::vector<WeightSpec>& specs) {
    for (const WeightSpec& spec : specs) EXPECT_EQ(left.float32(spec.name), right.float32(spec.name)) << spec.name;
  };
  const StableDiffusionWeights left = load_stable_diffusion_weights(a), right = load_stable_diffusion_weights(b);
  expect_equal(left.text_encoder.weights, right.text_encoder.weights, text_weight_specs(a.settings.text_encoder));
  expect_equal(left.unet, right.unet, unet_weight_specs(a.settings.unet));
  expect_equal(left.vae, right.vae, vae_weight_specs(a.settings.vae));
}

class SdLayoutsGoldenTest : public testing::TestWithParam<const char*> {
 protected:
  fs::path dir = kGolden / GetParam();
  StableDiffusionFiles directory = open_stable_diffusion(dir / "diffusers");
  StableDiffusionFiles single = open_stable_diffusion(dir / "single.safetensors", {.settings_from = dir / "diffusers"});
  test::TemporaryDirectory temporary;

  at::Tensor golden(const std::string& name) const {
    const io::SafetensorsFile file(dir / "io.safetensors");
    const io::TensorView* view = file.find(name);
    return read_parameter({name, view->shape}, *view);
  }
  void expect_golden(const StableDiffusionFiles& files) const {
    const at::NoGradGuard no_grad;
    const StableDiffusion model = load_stable_diffusion(files);
    const nn::TensorScope unet(model.unet), vae(model.vae);
    const at::Tensor states = model.text_encoder.states(golden("ids").to(at::kLong));
    EXPECT_LT(relative_error(states, golden("states")), kTolerance);
    const at::Tensor sample = unet_forward(files.settings.unet, unet, golden("latents"), at::tensor({5, 900}), golden("states"));
    EXPECT_LT(relative_error(sample, golden("sample")), kTolerance);
    EXPECT_LT(relative_error(vae_encode(files.settings.vae, vae, golden("pictures")).mean, golden("mean")), kTolerance);
    EXPECT_LT(relative_error(vae_decode(files.settings.vae, vae, golden("latents").slice(0, 0, 1)), golden("decoded")), kTolerance);
  }
};

TEST_P(SdLayoutsGoldenTest, ADirectoryOfDiffusersEqualsDiffusers) { expect_golden(directory); }

TEST_P(SdLayoutsGoldenTest, ASingleFileEqualsDiffusers) { expect_golden(single); }

TEST_P(SdLayoutsGoldenTest, BothLayoutsHoldTheSameTensors) { expect_equal_weights(single, directory); }

TEST_P(SdLayoutsGoldenTest, ADirectoryComesBackFromASingleFileThatHoldsItsSettings) {
  const fs::path file = temporary.path() / "model.safetensors", back = temporary.path() / "back";
  save_single_file(directory, load_stable_diffusion_weights(directory), file);
  const StableDiffusionFiles saved = open_stable_diffusion(file);
  EXPECT_EQ(to_json(saved.settings.unet), to_json(directory.settings.unet));
  EXPECT_EQ(to_json(saved.settings.vae), to_json(directory.settings.vae));
  EXPECT_EQ(to_json(saved.settings.text_encoder, ""), to_json(directory.settings.text_encoder, ""));
  EXPECT_EQ(saved.settings.scheduler, directory.settings.scheduler);
  save_diffusers(saved, load_stable_diffusion_weights(saved), back);
  fs::create_directory(back / "tokenizer");
  const StableDiffusionFiles returned = open_stable_diffusion(back);
  expect_equal_weights(returned, directory);
  EXPECT_EQ(to_json(returned.settings.unet), to_json(directory.settings.unet));
}

TEST_P(SdLayoutsGoldenTest, ASingleFileIsWrittenWithTheNamesItHad) {
  const fs::path file = temporary.path() / "model.safetensors";
  save_single_file(single, load_stable_diffusion_weights(single), file);
  const Shapes original = shapes_of(single.checkpoint(SdPart::unet)), saved = shapes_of(open_stable_diffusion(file).checkpoint(SdPart::unet));
  for (const auto& [name, shape] : saved) {
    ASSERT_TRUE(original.contains(name)) << name;
    EXPECT_EQ(original.at(name), shape) << name;
  }
  for (const auto& [name, shape] : original) {
    if (name.starts_with(kLdmUNet) || name.starts_with(kLdmVae)) {
      EXPECT_TRUE(saved.contains(name)) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, SdLayoutsGoldenTest, testing::Values("sd1", "sd2"), [](const auto& test) { return std::string(test.param); });

TEST(SdSingleFileTest, AveragedWeightsTakeThePlaceOfTheOthersWhenAsked) {
  const fs::path dir = kGolden / "sd1";
  const auto open = [&](UNetSource source) {
    return open_stable_diffusion(dir / "single.safetensors", {.settings_from = dir / "diffusers", .unet = source});
  };
  const StableDiffusionFiles average = open(UNetSource::average);
  const auto stored = average.checkpoint(SdPart::unet).find("model_ema.diffusion_modelmiddle_block1proj_inweight");
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(load_unet_weights(average).float32("mid_block.attentions.0.proj_in.weight"), io::to_float32(*stored));
  EXPECT_NE(load_unet_weights(open(UNetSource::weights)).float32("mid_block.attentions.0.proj_in.weight"), io::to_float32(*stored));
}

TEST(SdSingleFileTest, AverageThatTheFileDoesNotHoldIsMissing) {
  const fs::path dir = kGolden / "sd2";
  const auto files = open_stable_diffusion(dir / "single.safetensors", {.settings_from = dir / "diffusers", .unet = UNetSource::average});
  EXPECT_NE(test::message_of<InvalidInput>([&] { load_unet_weights(files); }).find("conv_in.weight: missing"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::models
