// Layers with laid-out weights against ATen's own.
#include "nn/frozen_layers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

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
  EXPECT_LE(difference, 5e-3 * expected.to(at::kFloat).norm().item<double>()) << what;  // each rounds to 8 bits
}

/// Value and gradient of x, frozen and not.
void expect_equal(const Layer& layer, at::Tensor weight, bool has_bias, const at::Tensor& x, const std::string& what) {
  std::unordered_map<std::string, at::Tensor> tensors{{"layer.weight", weight.to(at::kBFloat16)}};
  if (has_bias) tensors["layer.bias"] = at::randn({weight.size(0)}).to(at::kBFloat16);
  const FrozenTensors frozen(std::move(tensors));
  const ChangingTensors changing(frozen);
  const at::Tensor plain_x = x.detach().clone().requires_grad_(true), frozen_x = x.detach().clone().requires_grad_(true);
  const at::Tensor expected = layer(plain_x, TensorScope(changing) / "layer"), actual = layer(frozen_x, TensorScope(frozen) / "layer");
  expect_near(actual.detach(), expected.detach(), what);
  expect_near(layer(x, TensorScope(frozen) / "layer"), expected.detach(), what + " without gradient");
  const at::Tensor d_out = at::randn(expected.sizes()).to(at::kBFloat16);
  expected.backward(d_out);
  actual.backward(d_out);
  expect_near(frozen_x.grad(), plain_x.grad(), what + " gradient");
}

at::Tensor picture(at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast); }

TEST(FrozenLayersTest, LinearEqualsThatOfChangingWeights) {
  at::manual_seed(1);
  for (const int64_t rows : {1, 3, 64}) {
    for (const auto& [K, N] : {std::pair<int64_t, int64_t>{1, 1}, {5, 7}, {32, 64}, {70, 33}}) {
      expect_equal(linear, at::randn({N, K}), rows != 3, at::randn({2, rows, K}).to(at::kBFloat16), "K " + std::to_string(K) + " rows " + std::to_string(rows));
      expect_equal(linear, at::randn({N, K, 1, 1}), true, at::randn({2, rows, K}).to(at::kBFloat16), "of a convolution's weight, K " + std::to_string(K));
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
  EXPECT_FALSE(frozen_linear(at::randn({2, 4}), TensorScope(frozen)).defined());
  const ChangingTensors changing(frozen);
  EXPECT_FALSE(frozen_linear(at::randn({2, 4}).to(at::kBFloat16), TensorScope(changing)).defined());
}

}  // namespace
}  // namespace vitrine::nn
