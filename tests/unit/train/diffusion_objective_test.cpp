#include "train/diffusion_objective.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/stable_diffusion/model.h"

namespace vitrine::train {
namespace {

constexpr const char* kModel = VITRINE_SOURCE_DIR "/tests/data/sd_tiny/model";

/// The only parameter is a vector that is added to every text state.
class DiffusionObjectiveTest : public testing::Test {
 protected:
  CaptionedLatents latents(int64_t count) const {
    const at::Tensor values = at::arange(count * 4 * 8 * 8, at::kFloat).mul(0.37).sin().view({count, 1, 4, 8, 8});
    return {values, {}, [](size_t row, RandomKey) { return std::vector<int32_t>{static_cast<int32_t>(row), 1}; }, {0, 0}};
  }
  at::Tensor states(const at::Tensor& ids) const {
    const at::Tensor base = ids.to(at::kFloat).unsqueeze(-1).expand({-1, -1, model.files.settings.unet.cross_attention_dim}).sin();
    return base + parameters.value("shift");
  }
  DiffusionObjective objective(const DiffusionHooks& hooks) {
    DiffusionHooks all = hooks;
    all.weights_changed = [] {};
    return {{model.files.settings.unet, nn::TensorScope(model.unet), [this](const at::Tensor& ids) { return states(ids); }, diffusion::NoiseSchedule({}),
             diffusion::PredictionType::epsilon},
            parameters, latents(3), latents(2), {}, all};
  }
  double loss(const DiffusionHooks& hooks) { return objective(hooks).forward_backward(2, RandomKey(4)); }

  models::StableDiffusion model = models::load_stable_diffusion(models::open_stable_diffusion(kModel));
  nn::ParameterStore parameters{{{"shift", {1, 1, model.files.settings.unet.cross_attention_dim}}}, at::kCPU};
};

TEST_F(DiffusionObjectiveTest, ItsLossIsWeighedAgainstWhatElseIsLearned) {
  const double whole = loss({});
  EXPECT_GT(whole, 0);
  DiffusionHooks hooks;
  hooks.weight = 0.5;
  hooks.more_loss = [&](RandomKey) { return parameters.value("shift").sum() + 3; };
  EXPECT_NEAR(loss(hooks), 0.5 * whole + 3, 1e-5);
  hooks.weight = 0;
  parameters.gradients().zero_();
  EXPECT_EQ(loss(hooks), 3);
  EXPECT_TRUE(parameters.gradient("shift").eq(1).all().item<bool>()) << "the UNet has no say";
}

TEST_F(DiffusionObjectiveTest, ValidationIsTheLossThatIsTrained) {
  const Measures plain = objective({}).validate();
  ASSERT_EQ(plain.size(), 2u);
  DiffusionHooks hooks;
  hooks.weight = 0.25;
  hooks.more_validation = [] { return Measures{{"other loss", 2.0}, {"R@1", 0.5}}; };
  hooks.more_measures = [] { return Measures{{"likeness", 1.0}}; };
  const Measures measures = objective(hooks).validate();
  ASSERT_EQ(measures.size(), 6u);
  EXPECT_EQ(measures[0].first, "validation loss");
  EXPECT_NEAR(measures[0].second, 0.25 * plain[0].second + 2, 1e-9);
  EXPECT_EQ(measures[2], (std::pair<std::string, double>{"diffusion loss", plain[0].second}));
  EXPECT_EQ(measures[3].first, "other loss");
  EXPECT_EQ(measures[5].first, "likeness");
}

TEST_F(DiffusionObjectiveTest, TwoValidationsGiveTheSameNumbers) {
  DiffusionObjective one = objective({});
  EXPECT_EQ(one.validate(), one.validate());
}

}  // namespace
}  // namespace vitrine::train
