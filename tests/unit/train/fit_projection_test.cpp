#include "train/fit_projection.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::train {
namespace {

TEST(FitProjectionTest, IsTheRidgeRegressionByHand) {
  // mean x y = 5, mean x x = 2.5 = s: W = 5 / (2.5 + 0.25 * 2.5).
  const at::Tensor x = at::tensor({1.0f, 2.0f}).view({2, 1}), y = at::tensor({2.0f, 4.0f}).view({2, 1});
  EXPECT_NEAR(fit_projection(x, y, 0.25).item<double>(), 1.6, 1e-6);
}

TEST(FitProjectionTest, FindsAMapThatIsThere) {
  const at::Tensor map = at::arange(6, at::kFloat).view({2, 3}).sin(), x = at::arange(30, at::kFloat).square().cos().view({10, 3});
  const at::Tensor found = fit_projection(x, at::matmul(x, map.t()), 1e-9);
  EXPECT_EQ(found.sizes(), map.sizes());
  EXPECT_TRUE(at::allclose(found, map, 1e-4, 1e-5));
}

TEST(FitProjectionTest, FewerRowsThanChannelsHaveASolutionAllTheSame) {
  EXPECT_TRUE(fit_projection(at::ones({1, 4}), at::ones({1, 2}), 0.01).isfinite().all().item<bool>());
}

TEST(FitProjectionTest, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(fit_projection(at::ones({2, 3}), at::ones({3, 3}), 0.1), InvalidInput);
  EXPECT_THROW(fit_projection(at::ones({2, 3}), at::ones({2, 3}), 0), InvalidInput);
  EXPECT_THROW(fit_projection(at::zeros({2, 3}), at::ones({2, 3}), 0.1), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
