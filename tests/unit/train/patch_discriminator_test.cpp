#include "train/patch_discriminator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/initialize_pictures.h"
#include "models/tensor_files.h"
#include "models/vae/weights.h"
#include "train/vae_objective.h"

namespace vitrine::train {
namespace {

models::VaeConfig tiny_vae() {
  models::VaeConfig config;
  config.block_out_channels = {16, 16};
  config.layers_per_block = 1;
  config.norm_num_groups = 8;
  config.mid_block_add_attention = false;
  return config;
}

class PatchDiscriminatorTest : public testing::Test {
 protected:
  PatchDiscriminatorTest() {
    std::vector<models::WeightSpec> specs = models::vae_weight_specs(config);
    for (models::WeightSpec& spec : patch_discriminator_specs()) specs.push_back(std::move(spec));
    parameters = std::make_unique<nn::ParameterStore>(models::parameter_specs(specs), at::kCPU);
    models::initialize_pictures(*parameters, RandomKey(3), /*zero_output=*/false);
  }

  /// The gradient of one step.
  at::Tensor gradient(double adversarial_weight, double feature_weight) {
    const at::Tensor pictures = (at::arange(4 * 3 * 16 * 16, at::kFloat).mul(0.11).sin() * 100 + 128).to(at::kByte).view({4, 3, 16, 16});
    VaeLossConfig loss;
    loss.crop = 16;
    loss.adversarial_weight = adversarial_weight;
    loss.feature_weight = feature_weight;
    VaeObjective objective({config, *parameters}, pictures, pictures, loss, models::ComputeType::float32, "test");
    parameters->gradients().zero_();
    objective.forward_backward(2, RandomKey(5));
    return parameters->gradients().clone();
  }
  at::Tensor of(const std::string& name, const at::Tensor& flat) const {
    const nn::ParameterSlice slice = parameters->slices()[parameters->index(name)];
    return flat.narrow(0, slice.offset, slice.numel);
  }

  models::VaeConfig config = tiny_vae();
  std::unique_ptr<nn::ParameterStore> parameters;
};

TEST_F(PatchDiscriminatorTest, EachSideLearnsFromItsOwnLossAlone) {
  const at::Tensor weak = gradient(0.5, 0), strong = gradient(5, 3);
  for (const std::string name : {"discriminator.head.weight", "discriminator.layers.1.conv.weight", "discriminator.layers.3.norm.bias"}) {
    EXPECT_GT(of(name, weak).abs().max().item<double>(), 0) << name;
    EXPECT_TRUE(at::allclose(of(name, weak), of(name, strong), 1e-4, 1e-6)) << name << ": how much the decoder minds its judgement changes nothing for the judge";
  }
  EXPECT_FALSE(at::allclose(of("decoder.conv_out.weight", weak), of("decoder.conv_out.weight", strong), 1e-2));
}

TEST_F(PatchDiscriminatorTest, WithoutTheLossTheJudgeIsLeftAlone) {
  EXPECT_EQ(of("discriminator.head.weight", gradient(0, 0)).abs().max().item<double>(), 0);
}

TEST_F(PatchDiscriminatorTest, ItAsksForHighScoresOfPicturesAndLowOnesOfWhatWasDecoded) {
  const at::Tensor high = at::full({1, 1, 2, 2}, 2.0), low = at::full({1, 1, 2, 2}, -2.0);
  EXPECT_EQ(hinge_loss(high, low).item<double>(), 0);
  EXPECT_EQ(hinge_loss(low, high).item<double>(), 6);
  EXPECT_EQ(hinge_loss(at::zeros({1, 1, 2, 2}), at::zeros({1, 1, 2, 2})).item<double>(), 2);
}

TEST_F(PatchDiscriminatorTest, FeaturesAreAskedOfTheDecodedSideAlone) {
  const at::Tensor real = at::full({2}, 3.0).requires_grad_(), decoded = at::full({2}, 1.0).requires_grad_();
  const at::Tensor difference = feature_difference({{}, {real}}, {{}, {decoded}});
  EXPECT_EQ(difference.item<double>(), 2);
  difference.backward();
  EXPECT_FALSE(real.grad().defined());
  EXPECT_EQ(decoded.grad().sum().item<double>(), -1);
}

TEST_F(PatchDiscriminatorTest, RefusesSidesThatItCannotHalve) {
  const nn::TrainedTensors tensors(*parameters, at::kFloat);
  const nn::PrefixedTensors names(tensors, kDiscriminator);
  EXPECT_THROW(judge_patches(nn::TensorScope(names), at::zeros({1, 3, 12, 16})), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
