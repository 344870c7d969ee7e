#include "train/caption_contrast.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::train {
namespace {

double nll(double own, double other) { return std::log(1 + std::exp(other - own)); }

/// Captions of one token, whose features are rows of a table.
class CaptionContrastTest : public testing::Test {
 protected:
  static FeaturedCaptions pictures(std::vector<float> features, std::vector<int32_t> tokens, std::vector<double> weights = {}) {
    return {at::tensor(features).view({-1, 2}), std::move(weights), [tokens](size_t row, RandomKey) { return std::vector<int32_t>{tokens[row]}; }};
  }
  CaptionHead head() const {
    return {[this](const at::Tensor& ids) { return table.index_select(0, ids.flatten()); }, [this] { return scale; }};
  }
  CaptionContrast contrast(FeaturedCaptions training, FeaturedCaptions validation, int batch_size) const {
    return {std::move(training), std::move(validation), head(), {.contrastive_batch_size = batch_size}};
  }

  at::Tensor table = at::tensor({5.0f, 0.0f, 3.0f, 4.0f}).view({2, 2}).set_requires_grad(true);  // tokens 0 and 1
  at::Tensor scale = at::zeros({}).set_requires_grad(true);
};

TEST_F(CaptionContrastTest, ValidationIsTheLossOfBatchesInOrderAndTheShareOfFirstPlaces) {
  // Cosines: picture 0 with the texts 1 and 0.6, picture 1 with them 0 and 0.8.
  const CaptionContrast both = contrast(pictures({1, 0}, {0}), pictures({2, 0, 0, 3}, {0, 1}), 2);
  const double expected = ((nll(1, 0.6) + nll(0.8, 0)) / 2 + (nll(1, 0) + nll(0.8, 0.6)) / 2) / 2;
  const Measures measures = both.validate();
  EXPECT_EQ(measures[0].first, "contrastive loss");
  EXPECT_NEAR(measures[0].second, expected, 1e-6);
  EXPECT_EQ(measures[1].second, 1);
  EXPECT_EQ(measures[2].second, 1);
  // Picture 1 is nearer to text 0 when both pictures point there.
  const Measures wrong = contrast(pictures({1, 0}, {0}), pictures({1, 0, 1, 0}, {0, 1}), 2).validate();
  EXPECT_EQ(wrong[2].second, 0.5);
}

TEST_F(CaptionContrastTest, PicturesWithoutWeightAreNotDrawnAndEqualCaptionsAreRightForEachOther) {
  // Both of a step are picture 0 of caption 0: all answers are right, each with the share 1/2.
  const CaptionContrast alone = contrast(pictures({2, 0, 0, 3}, {0, 1}, {1, 0}), pictures({1, 0}, {0}), 2);
  EXPECT_NEAR(alone.loss(RandomKey(3)).item<double>(), std::log(2), 1e-6);
}

TEST_F(CaptionContrastTest, TheSameKeyGivesTheSameLoss) {
  const CaptionContrast both = contrast(pictures({2, 0, 0, 3}, {0, 1}), pictures({1, 0}, {0}), 5);
  EXPECT_EQ(both.loss(RandomKey(1)).item<float>(), both.loss(RandomKey(1)).item<float>());
}

TEST_F(CaptionContrastTest, TheGradientIsTheDifferenceOfTheLoss) {
  const CaptionContrast both = contrast(pictures({2, 0.3f, 0.5f, 3}, {0, 1}), pictures({1, 0}, {0}), 6);
  both.loss(RandomKey(2)).backward();
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-2;
  const auto difference = [&](at::Tensor value, const at::Tensor& direction) {
    const at::Tensor start = value.clone();
    const auto loss_at = [&](double step) {
      value.detach().copy_(start + step * direction);
      return both.loss(RandomKey(2)).item<double>();
    };
    const double result = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
    loss_at(0);
    return result;
  };
  const at::Tensor direction = at::tensor({0.3f, -1.0f, 0.8f, 0.5f}).view({2, 2});
  EXPECT_NEAR((table.grad() * direction).sum().item<double>(), difference(table, direction), 1e-4);
  EXPECT_NEAR(scale.grad().item<double>(), difference(scale, at::ones({})), 1e-4);
}

TEST_F(CaptionContrastTest, FeaturesOfOtherWidthAreRefused) {
  FeaturedCaptions wide = pictures({1, 0}, {0});
  wide.features = at::ones({1, 3});
  EXPECT_THROW(contrast(pictures({1, 0}, {0}), std::move(wide), 2), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
