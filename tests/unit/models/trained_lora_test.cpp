#include "models/lora/trained_lora.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/lora/merged_tensors.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kModel = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts/sd1/diffusers";

class TrainedLoraTest : public testing::Test {
 protected:
  TrainedLoraTest() { initialize_lora(parameters, LoraInit::kaiming, RandomKey(3)); }

  void fill_up() {
    for (const auto& spec : parameters.specs()) {
      if (spec.name.ends_with("lora_B.weight")) parameters.value(spec.name).detach().fill_(0.25);
    }
  }
  /// The sum of squares of both adapted weights.
  double loss(const LoraTensors& tensors) const { return (tensors.get("conv_in.weight").square().sum() + tensors.get("mid.weight").square().sum()).item<double>(); }

  StableDiffusionFiles model = open_stable_diffusion(kModel);
  LoraTargets targets{model.settings};
  std::vector<LoraTarget> adapted{{SdPart::unet, "conv_in", {4, 4, 3, 3}}, {SdPart::unet, "mid", {6, 5}}};
  nn::ParameterStore parameters{lora_parameter_specs(adapted, 2), at::kCPU};
  nn::FrozenTensors base{{{"conv_in.weight", at::arange(144, at::kFloat).view({4, 4, 3, 3}) / 100}, {"mid.weight", at::ones({6, 5})}, {"mid.bias", at::ones({6})}}};
};

TEST_F(TrainedLoraTest, BeginsAsItsBase) {
  const LoraTensors tensors(base, parameters, SdPart::unet, 1.5);
  EXPECT_TRUE(at::equal(tensors.get("conv_in.weight"), base.get("conv_in.weight")));
  EXPECT_TRUE(at::equal(tensors.get("mid.bias"), base.get("mid.bias")));
  EXPECT_GT(parameters.value("unet.mid.lora_A.weight").abs().max().item<double>(), 0);
  EXPECT_LE(parameters.value("unet.mid.lora_A.weight").abs().max().item<double>(), 1 / std::sqrt(5.0));
}

TEST_F(TrainedLoraTest, GaussianStartsHaveTheSpreadOfTheRank) {
  nn::ParameterStore wide(lora_parameter_specs(std::vector<LoraTarget>{{SdPart::unet, "w", {8, 4000}}}, 4), at::kCPU);
  initialize_lora(wide, LoraInit::gaussian, RandomKey(1));
  EXPECT_NEAR(wide.value("unet.w.lora_A.weight").std().item<double>(), 0.25, 0.01);
  EXPECT_EQ(wide.value("unet.w.lora_B.weight").abs().max().item<double>(), 0);
}

TEST_F(TrainedLoraTest, GradientsEqualFiniteDifferences) {
  fill_up();
  const LoraTensors tensors(base, parameters, SdPart::unet, 1.5);
  (tensors.get("conv_in.weight").square().sum() + tensors.get("mid.weight").square().sum()).backward();
  for (const auto& spec : parameters.specs()) {
    const at::Tensor values = parameters.value(spec.name).detach().view(-1), gradient = parameters.gradient(spec.name).contiguous().view(-1);
    for (int64_t i = 0; i < values.numel(); i += 3) {
      constexpr double kStep = 1e-2;
      const double before = values[i].item<double>();
      values[i].fill_(before + kStep);
      const double above = loss(tensors);
      values[i].fill_(before - kStep);
      const double below = loss(tensors);
      values[i].fill_(before);
      EXPECT_NEAR(gradient[i].item<double>(), (above - below) / (2 * kStep), 2e-2) << spec.name << " " << i;
    }
  }
}

TEST_F(TrainedLoraTest, OtherPartsAreNotAdapted) {
  fill_up();
  const LoraTensors tensors(base, parameters, SdPart::text_encoder, 1.5);
  EXPECT_TRUE(at::equal(tensors.get("mid.weight"), base.get("mid.weight")));
}

TEST_F(TrainedLoraTest, WhatIsSavedGivesTheSameWeightsWhenMerged) {
  const std::vector<std::string> endings{"conv_in", "attn1.to_q", "to_out.0"};
  const std::vector<LoraTarget> chosen = choose_targets(targets, SdPart::unet, endings);
  nn::ParameterStore trained(lora_parameter_specs(chosen, 2), at::kCPU);
  initialize_lora(trained, LoraInit::gaussian, RandomKey(5));
  for (const auto& spec : trained.specs()) {
    if (spec.name.ends_with("lora_B.weight")) trained.value(spec.name).detach().fill_(0.125);
  }
  std::unordered_map<std::string, at::Tensor> weights;
  for (const LoraTarget& target : chosen) weights[target.module + ".weight"] = at::ones(target.weight_shape);
  const nn::FrozenTensors ones(weights);
  const LoraTensors tensors(ones, trained, SdPart::unet, 3.0 / 2);
  test::TemporaryDirectory dir;
  for (const LoraDialect dialect : {LoraDialect::kohya, LoraDialect::diffusers, LoraDialect::peft}) {
    const auto path = dir.path() / name_of(dialect);
    save_trained_lora(path, trained, targets, 3, dialect);
    const LoraFile lora = read_lora(path, targets);
    MergedTensors merged(ones, SdPart::unet);
    merged.set_adapters(std::vector<WeightedLora>{{&lora, 1.0}});
    for (const LoraTarget& target : chosen) {
      EXPECT_TRUE(at::allclose(merged.get(target.module + ".weight"), tensors.get(target.module + ".weight"), 1e-6, 1e-6)) << target.module;
    }
    nn::ParameterStore again(lora_parameter_specs(chosen, 2), at::kCPU);
    read_trained_lora(again, lora, 3);
    EXPECT_TRUE(at::equal(again.values(), trained.values())) << name_of(dialect);
    EXPECT_THROW(read_trained_lora(again, lora, 2), InvalidInput);
    EXPECT_THROW(read_trained_lora(parameters, lora, 3), InvalidInput);
  }
}

TEST_F(TrainedLoraTest, ModulesAreChosenByTheEndsOfTheirNames) {
  const std::vector<std::string> none{"to_z"}, part{"_q"}, attention{"to_q"};
  EXPECT_THROW(choose_targets(targets, SdPart::unet, none), InvalidInput);
  EXPECT_THROW(choose_targets(targets, SdPart::unet, part), InvalidInput);
  EXPECT_EQ(choose_targets(targets, SdPart::unet, attention).size(), 2u * 16u);
}

}  // namespace
}  // namespace vitrine::models
