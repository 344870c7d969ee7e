#include "nn/parameters.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::nn {
namespace {

ParameterStore store() { return {{{"a.bias", {5}, false}, {"a.weight", {3, 7}, true}}, at::kCPU}; }

TEST(ParameterStoreTest, MatricesLieBeforeParametersWithoutDecay) {
  const ParameterStore parameters = store();
  EXPECT_EQ(parameters.slices()[1].offset, 0);
  EXPECT_EQ(parameters.slices()[0].offset, parameters.num_decayed());
  EXPECT_EQ(parameters.num_decayed(), 32);
  EXPECT_EQ(parameters.numel(), 26);
}

TEST(ParameterStoreTest, NamedValuesAreViewsOfTheFlatBuffer) {
  ParameterStore parameters = store();
  const at::NoGradGuard no_grad;
  at::Tensor(parameters.value("a.weight")).fill_(2);
  EXPECT_EQ(parameters.values().sum().item<float>(), 42);
}

TEST(ParameterStoreTest, AutogradAddsToTheFlatGradients) {
  ParameterStore parameters = store();
  for (int i = 0; i < 2; ++i) (parameters.value("a.weight").sum() * 3).backward();
  EXPECT_EQ(parameters.gradients().sum().item<float>(), 2 * 3 * 21);
  EXPECT_EQ(parameters.gradient("a.bias").sum().item<float>(), 0);
}

TEST(ParameterStoreTest, ComputeCopyFollowsWhenRefreshed) {
  ParameterStore parameters = store();
  parameters.refresh_compute_copy();
  at::Tensor(parameters.values()).fill_(1.5);
  EXPECT_EQ(parameters.compute_value("a.bias").sum().item<float>(), 0);
  parameters.refresh_compute_copy();
  EXPECT_EQ(parameters.compute_value("a.bias").sum().item<float>(), 7.5);
}

TEST(ParameterStoreTest, UnknownAndRepeatedNamesAreRefused) {
  EXPECT_THROW(store().value("b"), NotFound);
  EXPECT_THROW(ParameterStore({{"a", {2}}, {"a", {2}}}, at::kCPU), InvalidInput);
}

}  // namespace
}  // namespace vitrine::nn
