#include "nn/dropout.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vitrine::nn {
namespace {

TEST(DropoutTest, DropsTheAskedShareAndKeepsTheMean) {
  const at::Tensor mask = dropout_mask({.key = 42, .p = 0.3}, 0, 100000, at::kCPU);
  EXPECT_NEAR(mask.eq(0).to(at::kDouble).mean().item<double>(), 0.3, 0.01);
  EXPECT_NEAR(mask.mean().item<double>(), 1.0, 0.02);
}

TEST(DropoutTest, DependsOnKeyAndElementAlone) {
  const Dropout dropout{.key = 42, .p = 0.5};
  const at::Tensor whole = dropout_mask(dropout, 0, 100, at::kCPU);
  EXPECT_TRUE(at::equal(dropout_mask(dropout, 30, 20, at::kCPU), whole.narrow(0, 30, 20)));
  EXPECT_FALSE(at::equal(dropout_mask({.key = 43, .p = 0.5}, 0, 100, at::kCPU), whole));
}

TEST(DropoutTest, TensorOperationsGiveTheSameMask) {
  const Dropout dropout{.key = 0xfedcba9876543210ULL, .p = 0.1};
  const at::Tensor idx = at::arange(5, 5005, at::kLong);
  const at::Tensor keys = at::full({1}, static_cast<int64_t>(dropout.key), at::kLong);
  EXPECT_TRUE(at::equal(dropout_mask_by_ops(idx, keys, dropout.p), dropout_mask(dropout, 5, 5000, at::kCPU)));
}

TEST(DropoutTest, OffLeavesTheTensor) {
  const at::Tensor x = at::ones({3, 4});
  EXPECT_TRUE(dropout(x, {}).is_same(x));
}

}  // namespace
}  // namespace vitrine::nn
