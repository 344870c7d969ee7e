#include "nn/tensor_scope.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "nn/checkpointing.h"

namespace vitrine::nn {
namespace {

TEST(TensorScopeTest, NamesAreThoseBehindThePathOfTheScope) {
  const FrozenTensors tensors({{"mid.resnets.1.weight", at::ones({2})}});
  const TensorScope scope = (TensorScope(tensors) / "mid").child("resnets", 1);
  EXPECT_EQ(scope.full("weight"), "mid.resnets.1.weight");
  EXPECT_TRUE(scope.has("weight"));
  EXPECT_FALSE(scope.has("bias"));
  EXPECT_EQ(scope["weight"].numel(), 2);
  EXPECT_THROW(scope["bias"], NotFound);
}

TEST(TrainedTensorsTest, ACastMadeWithoutGradientDoesNotStandForOneWithGradient) {
  ParameterStore parameters({{"w", {3}}}, at::kCPU);
  const TrainedTensors tensors(parameters, at::kBFloat16);
  {
    const at::NoGradGuard no_grad;
    EXPECT_FALSE(tensors.get("w").requires_grad());
  }
  EXPECT_TRUE(tensors.get("w").requires_grad());
}

TEST(TrainedTensorsTest, ARecomputedPassGivesTheGradientOfAPlainOne) {
  const at::Tensor x = at::arange(1, 4, at::kFloat).to(at::kBFloat16).requires_grad_(true);
  const auto gradient = [&](bool recomputed) {
    ParameterStore parameters({{"w", {3}}}, at::kCPU);
    parameters.value("w").detach().fill_(2);
    const TrainedTensors tensors(parameters, at::kBFloat16);
    const auto pass = [&](const std::vector<at::Tensor>& inputs) { return inputs[0] * tensors.get("w"); };
    (recomputed ? checkpointed({x}, pass) : pass({x})).sum().backward();
    return parameters.gradient("w").clone();
  };
  EXPECT_TRUE(at::equal(gradient(true), gradient(false)));
  EXPECT_TRUE(at::equal(gradient(true), at::arange(1, 4, at::kFloat)));
}

}  // namespace
}  // namespace vitrine::nn
