// Layers with laid-out weights against ATen's own.
#include "nn/frozen_layers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "nn/picture_ops.h"

namespace vitrine::nn {
namespace {

/// As a source whose tensors may change.
class ChangingTensors final : public TensorSource {
 public:
  explicit ChangingTensors(const FrozenTensors& frozen) : frozen_(&frozen) {}
  at::Tensor get(const std::string& name) const override { return frozen_->get(name); }
  bool has(const std::string& name) const override { return frozen_->has(name); }

 private:
  const FrozenTensors* frozen_;
};

using Layer = std::function<at::Tensor(const at::Tensor& x, const TensorScope& scope)>;

void expect_near(const at::Tensor& actual, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  const double difference = (actual.to(at::kFloat) - expected.to(at::kFloat)).norm().item<double>();
  const double tolerance = actual.scalar_type() == at::kFloat ? 1e-5 : 5e-3;  // each bfloat16 rounds to 8 bits
  EXPECT_LE(difference, tolerance * expected.to(at::kFloat).norm().item<double>()) << what;
}

/// Value and gradient of x, frozen and not, in one type.
void expect_equal_in(at::ScalarType dtype, const Layer& layer, const at::Tensor& weight, bool has_bias, const at::Tensor& given, const std::string& what) {
  const at::Tensor x = given.to(dtype);
  std::unordered_map<std::string, at::Tensor> tensors{{"layer.weight", weight.to(dtype)}};
  if (has_bias) tensors["layer.bias"] = at::randn({weight.size(0)}).to(dtype);
  const FrozenTensors frozen(std::move(tensors));
  const ChangingTensors changing(frozen);
  const at::Tensor plain_x = x.detach().clone().requires_grad_(true), frozen_x = x.detach().clone().requires_grad_(true);
  const at::Tensor expected = layer(plain_x, TensorScope(changing) / "layer"), actual = layer(frozen_x, TensorScope(frozen) / "layer");
  expect_near(actual.detach(), expected.detach(), what);
  expect_near(layer(x, TensorScope(frozen) / "layer"), expected.detach(), what + " without gradient");
  const at::Tensor d_out = at::randn(expected.sizes()).to(dtype);
  expected.backward(d_out);
  actual.backward(d_out);
  expect_near(frozen_x.grad(), plain_x.grad(), what + " gradient");
}
void expect_equal(const Layer& layer, const at::Tensor& weight, bool has_bias, const at::Tensor& x, const std::string& what) {
  for (const at::ScalarType dtype : {at::kBFloat16, at::kFloat}) expect_equal_in(dtype, layer, weight, has_bias, x, what + (dtype == at::kFloat ? " float32" : " bfloat16"));
}

at::Tensor picture(at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast); }

TEST(FrozenLayersTest, LinearEqualsThatOfChangingWeights) {
  at::manual_seed(1);
  const Layer layer = [](const at::Tensor& x, const TensorScope& scope) { return linear(x, scope); };
  for (const int64_t rows : {1, 3, 64}) {
    for (const auto& [K, N] : {std::pair<int64_t, int64_t>{1, 1}, {5, 7}, {32, 64}, {70, 33}}) {
      expect_equal(layer, at::randn({N, K}), rows != 3, at::randn({2, rows, K}).to(at::kBFloat16), "K " + std::to_string(K) + " rows " + std::to_string(rows));
      expect_equal(layer, at::randn({N, K, 1, 1}), true, at::randn({2, rows, K}).to(at::kBFloat16), "of a convolution's weight, K " + std::to_string(K));
    }
  }
}

TEST(FrozenLayersTest, ConvolutionEqualsThatOfChangingWeights) {
  at::manual_seed(1);
  for (const auto& [C, N, k, stride, padding] : {std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t>{1, 1, 3, 1, 1}, {4, 33, 3, 1, 1}, {32, 16, 3, 2, 1},
                                                 {20, 8, 1, 1, 0}, {8, 8, 3, 2, 0}, {6, 5, 3, 1, 0}}) {
    const Layer layer = [&, s = stride, p = padding](const at::Tensor& x, const TensorScope& scope) { return conv2d(x, scope, s, p); };
    expect_equal(layer, at::randn({N, C, k, k}), C != 4, picture({2, C, 9, 7}), "C " + std::to_string(C) + " N " + std::to_string(N));
  }
}

TEST(FrozenLayersTest, WhatIsAddedCountsInValueAndGradient) {
  at::manual_seed(1);
  const at::Tensor channels = at::randn({6});
  const Layer convolution = [&](const at::Tensor& x, const TensorScope& scope) {
    return conv2d(x, scope, 1, 1, {.picture = x * 3, .channels = channels.to(x.scalar_type())});
  };
  expect_equal(convolution, at::randn({6, 6, 3, 3}), true, picture({2, 6, 5, 4}), "convolution");
  expect_equal(convolution, at::randn({6, 6, 3, 3}), false, picture({1, 6, 5, 4}), "convolution without bias");
  const Layer product = [&](const at::Tensor& x, const TensorScope& scope) { return linear(x, scope, x * 3); };
  expect_equal(product, at::randn({6, 6}), true, at::randn({2, 9, 6}).to(at::kBFloat16), "linear");
}

TEST(FrozenLayersTest, AConvolutionOfDoubledPixelsEqualsThatOfThePictureMadeLarger) {
  at::manual_seed(1);
  for (const auto& [C, N, H, W] : {std::array<int64_t, 4>{1, 1, 4, 3}, {4, 33, 5, 7}, {32, 16, 8, 1}}) {
    const Layer layer = [h = 2 * H, w = 2 * W](const at::Tensor& x, const TensorScope& scope) { return upsampled_conv2d(x, scope, h, w); };
    expect_equal(layer, at::randn({N, C, 3, 3}), C != 4, picture({2, C, H, W}), "C " + std::to_string(C) + " N " + std::to_string(N));
  }
}

TEST(FrozenLayersTest, ALayoutMadeForOnePictureSizeServesAll) {
  at::manual_seed(1);
  const FrozenTensors frozen({{"weight", at::randn({16, 8, 3, 3}).to(at::kBFloat16)}});
  const ChangingTensors changing(frozen);
  for (const int64_t side : {8, 17, 3}) {
    const at::Tensor x = picture({1, 8, side, side});
    expect_near(conv2d(x, TensorScope(frozen)), conv2d(x, TensorScope(changing)), "side " + std::to_string(side));
    const at::Tensor rows = at::randn({side * side, 8 * 9}).to(at::kBFloat16);
    const FrozenTensors matrix({{"weight", frozen.get("weight").flatten(1)}});
    const ChangingTensors same(matrix);
    expect_near(linear(rows, TensorScope(matrix)), linear(rows, TensorScope(same)), "rows " + std::to_string(side * side));
  }
}

TEST(FrozenLayersTest, OtherTypesAndChangingWeightsAreLeftToOthers) {
  const FrozenTensors frozen({{"weight", at::randn({3, 4})}});
  EXPECT_FALSE(frozen_linear(at::randn({2, 4}).to(at::kDouble), TensorScope(frozen)).defined());
  const ChangingTensors changing(frozen);
  EXPECT_FALSE(frozen_linear(at::randn({2, 4}), TensorScope(changing)).defined());
}

}  // namespace
}  // namespace vitrine::nn
