// Norms and gates on own loops against ATen in float64. Registered once for each instruction set (VITRINE_ISA).
#include "nn/fused_norms.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace vitrine::nn {
namespace {

using Operation = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

class FusedNormsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(2);
    at::manual_seed(1);
  }

  /// Value and gradients of `fused` on inputs in a type against those of `plain` on the same numbers in float64.
  static void expect_equal(const std::vector<at::Tensor>& values, const Operation& fused, const Operation& plain, at::ScalarType dtype,
                           const std::string& what) {
    std::vector<at::Tensor> x, exact;
    for (const at::Tensor& value : values) {
      x.push_back(value.detach().clone().to(dtype).requires_grad_(true));
      exact.push_back(x.back().detach().to(at::kDouble).requires_grad_(true));
    }
    const at::Tensor y = fused(x), expected = plain(exact);
    expect_near(y.detach(), expected.detach(), dtype, what + ": value");
    const at::Tensor dy = at::randn(y.sizes()).to(dtype);
    y.backward(dy);
    expected.backward(dy.to(at::kDouble));
    for (size_t i = 0; i < x.size(); ++i) expect_near(x[i].grad(), exact[i].grad(), dtype, concat_input(what, i));
  }
  static void expect_equal(const std::vector<at::Tensor>& values, const Operation& fused, const Operation& plain, const std::string& what) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) expect_equal(values, fused, plain, dtype, what);
  }

 private:
  static std::string concat_input(const std::string& what, size_t i) { return what + ": gradient of input " + std::to_string(i); }
  static void expect_near(const at::Tensor& actual, const at::Tensor& expected, at::ScalarType dtype, const std::string& what) {
    EXPECT_EQ(actual.scalar_type(), dtype) << what;
    EXPECT_EQ(actual.sizes(), expected.sizes()) << what;
    const double difference = (actual.to(at::kDouble) - expected).norm().item<double>();
    EXPECT_LE(difference, (dtype == at::kFloat ? 2e-6 : 5e-3) * (expected.norm().item<double>() + 1e-3)) << what << " " << dtype;
  }
};

TEST_F(FusedNormsTest, GroupNormEqualsPlainForOddSizes) {
  for (const auto& [C, groups] : {std::pair<int64_t, int64_t>{1, 1}, {4, 2}, {6, 3}, {32, 32}, {48, 4}, {70, 5}, {320, 32}}) {
    for (const auto& [H, W] : {std::pair<int64_t, int64_t>{1, 1}, {1, 3}, {5, 7}, {16, 17}}) {
      for (const bool silu : {false, true}) {
        if (C / groups * H * W < 3) continue;  // a variance of next to nothing is rounding alone
        const fused::GroupNormOptions options{groups, 1e-5, silu};
        const at::Tensor x = (at::randn({2, C, H, W}) * 2 + 0.5).contiguous(at::MemoryFormat::ChannelsLast);
        expect_equal({x, at::randn({C}), at::randn({C})}, [&](const auto& in) { return fused::group_norm(in[0], in[1], in[2], options); },
                     [&, num_groups = groups](const auto& in) {
                       const at::Tensor y = at::group_norm(in[0], num_groups, in[1], in[2], 1e-5);
                       return silu ? at::silu(y) : y;
                     },
                     "C " + std::to_string(C) + " H " + std::to_string(H) + " W " + std::to_string(W) + " silu " + std::to_string(silu));
      }
    }
  }
}

TEST_F(FusedNormsTest, GroupNormOfManyChunksEqualsPlain) {
  const at::Tensor x = at::randn({2, 64, 48, 50}).contiguous(at::MemoryFormat::ChannelsLast);
  expect_equal({x, at::randn({64}), at::randn({64})}, [](const auto& in) { return fused::group_norm(in[0], in[1], in[2], {8, 1e-6, true}); },
               [](const auto& in) { return at::silu(at::group_norm(in[0], 8, in[1], in[2], 1e-6)); }, "many chunks");
}

TEST_F(FusedNormsTest, GroupNormOfValuesFarFromZeroIsExact) {
  const at::Tensor x = (at::randn({1, 32, 20, 20}) + 1000).contiguous(at::MemoryFormat::ChannelsLast), one = at::ones({32}), zero = at::zeros({32});
  const at::Tensor expected = at::group_norm(x.to(at::kDouble), 4, one.to(at::kDouble), zero.to(at::kDouble), 1e-5);
  EXPECT_LT((fused::group_norm(x, one, zero, {4, 1e-5, false}) - expected).abs().max().item<double>(), 2e-4);  // as x itself is rounded
}

TEST_F(FusedNormsTest, GroupNormTakesChannelsLastPicturesAlone) {
  const at::Tensor x = at::randn({2, 4, 3, 3});
  EXPECT_FALSE(fused::group_norm_takes(x));
  EXPECT_FALSE(fused::group_norm_takes(x.to(at::kDouble).contiguous(at::MemoryFormat::ChannelsLast)));
  ASSERT_TRUE(fused::group_norm_takes(x.contiguous(at::MemoryFormat::ChannelsLast)));
  const at::Tensor y = fused::group_norm(x.contiguous(at::MemoryFormat::ChannelsLast), at::ones({4}), at::zeros({4}), {2, 1e-5, false});
  EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_F(FusedNormsTest, SumsDoNotDependOnTheThreads) {
  const at::Tensor x = at::randn({1, 64, 60, 60}).contiguous(at::MemoryFormat::ChannelsLast), one = at::ones({64});
  const at::Tensor two = fused::group_norm(x, one, one, {8, 1e-6, true});
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(fused::group_norm(x, one, one, {8, 1e-6, true}), two));
}

TEST_F(FusedNormsTest, LayerNormEqualsPlainForOddSizes) {
  for (const int64_t C : {4, 7, 15, 16, 17, 31, 64, 320}) {
    for (const int64_t rows : {1, 2, 33, 70}) {
      expect_equal({at::randn({2, rows, C}) * 3 + 1, at::randn({C}), at::randn({C})},
                   [](const auto& in) { return fused::layer_norm(in[0], in[1], in[2], 1e-3); },
                   [C](const auto& in) { return at::layer_norm(in[0], {C}, in[1], in[2], 1e-3); }, "C " + std::to_string(C));
    }
  }
}

TEST_F(FusedNormsTest, GegluEqualsPlainForOddSizes) {
  for (const int64_t N : {1, 2, 15, 16, 17, 33, 80}) {
    expect_equal({at::randn({3, 37, 2 * N}) * 3}, [](const auto& in) { return fused::geglu(in[0]); },
                 [](const auto& in) {
                   const auto halves = in[0].chunk(2, -1);
                   return halves[0] * at::gelu(halves[1]);
                 },
                 "N " + std::to_string(N));
  }
}

TEST_F(FusedNormsTest, FarValuesOfGatesStayFinite) {
  const at::Tensor x = at::tensor({2.0f, 2.0f, 2.0f, -200.0f, 0.0f, 200.0f}).view({1, 6});
  EXPECT_TRUE(at::allclose(fused::geglu(x), at::tensor({0.0f, 0.0f, 400.0f}).view({1, 3}), 1e-6, 1e-6));
}

}  // namespace
}  // namespace vitrine::nn
