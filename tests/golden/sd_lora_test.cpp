// LoRA adapters against diffusers and PEFT: tools/golden/sd_lora.py wrote one adapter in each dialect, and what a tiny Stable
// Diffusion computes with it.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "models/lora/merged_tensors.h"
#include "models/stable_diffusion/model.h"
#include "models/unet/module.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_lora";
const fs::path kModel = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts/sd1/diffusers";
constexpr double kTolerance = 1e-5;  // relative; the requirement is 1e-4

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  EXPECT_EQ(actual.sizes(), expected.sizes());
  return ((actual - expected).abs().max() / expected.abs().max()).item<double>();
}

class SdLoraGoldenTest : public testing::Test {
 protected:
  const at::NoGradGuard no_grad;
  StableDiffusion model = load_stable_diffusion(open_stable_diffusion(kModel));
  LoraTargets targets{model.files.settings};
  MergedTensors unet{model.unet, SdPart::unet}, text{model.text_encoder.tensors().source(), SdPart::text_encoder};

  at::Tensor golden(const std::string& name) const {
    const io::SafetensorsFile file(kGolden / "io.safetensors");
    const io::TensorView* view = file.find(name);
    return read_parameter({name, view->shape}, *view);
  }
  void set(std::initializer_list<WeightedLora> adapters) {
    unet.set_adapters(adapters);
    text.set_adapters(adapters);
  }
  at::Tensor sample() const {
    return unet_forward(model.files.settings.unet, nn::TensorScope(unet), golden("latents"), at::tensor({5, 900}), golden("states"));
  }
  at::Tensor states() const { return model.text_encoder.states(golden("ids").to(at::kLong), {.source = &text}); }
  LoraFile read(const char* name) const { return read_lora(kGolden / name, targets); }
};

TEST_F(SdLoraGoldenTest, EachDialectEqualsPeft) {
  for (const char* name : {"first", "first.safetensors", "first_kohya.safetensors"}) {
    const LoraFile lora = read(name);
    EXPECT_EQ(lora.pairs.size(), 34u) << name;
    set({{&lora, 0.7}});
    EXPECT_LT(relative_error(sample(), golden("sample_first")), kTolerance) << name;
    EXPECT_LT(relative_error(states(), golden("states_first")), kTolerance) << name;
  }
}

TEST_F(SdLoraGoldenTest, WithoutAlphasTheScaleIsOne) {
  const LoraFile lora = read("first_older.safetensors");
  set({{&lora, 1.0}});
  EXPECT_LT(relative_error(sample(), golden("sample_older")), kTolerance);
  EXPECT_LT(relative_error(states(), golden("states_older")), kTolerance);
}

TEST_F(SdLoraGoldenTest, TheOldestNamesMeanTheSameModules) {
  const LoraFile oldest = read("first_oldest.safetensors"), older = read("first_older.safetensors");
  EXPECT_EQ(oldest.pairs.size(), 15u);
  for (const LoraPair& pair : oldest.pairs) {
    const auto same = std::find_if(older.pairs.begin(), older.pairs.end(), [&](const LoraPair& other) { return other.target.module == pair.target.module; });
    ASSERT_NE(same, older.pairs.end()) << pair.target.module;
    EXPECT_EQ(io::to_float32(same->down), io::to_float32(pair.down));
    EXPECT_EQ(same->alpha, pair.alpha);
  }
}

TEST_F(SdLoraGoldenTest, TwoAdaptersWithWeightsEqualPeft) {
  const LoraFile first = read("first"), second = read("second");
  set({{&first, 0.7}, {&second, -0.5}});
  EXPECT_LT(relative_error(sample(), golden("sample_both")), kTolerance);
}

TEST_F(SdLoraGoldenTest, AdaptersComeOffWithoutATrace) {
  const at::Tensor before = sample();
  const LoraFile first = read("first");
  set({{&first, 0.7}});
  EXPECT_GT(relative_error(sample(), before), 0.01);
  EXPECT_EQ(unet.num_merged(), 26u);
  set({});
  EXPECT_EQ(unet.num_merged(), 0u);
  EXPECT_TRUE(at::equal(sample(), before));
}

}  // namespace
}  // namespace vitrine::models
