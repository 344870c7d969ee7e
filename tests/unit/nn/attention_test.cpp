// Attention against plain float64. Registered once for each instruction set (VITRINE_ISA).
#include "nn/attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"

namespace vitrine::nn {
namespace {

struct Case {
  int64_t B, T, S, num_heads, head_size;
  bool causal = false;
  bool with_padding = false;
};

/// softmax(q k^T scale) v in float64; a query that sees no key gives 0.
at::Tensor truth(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Case& c, const at::Tensor& is_token) {
  const auto heads = [&](const at::Tensor& x) { return x.to(at::kDouble).view({c.B, x.size(1), c.num_heads, c.head_size}).transpose(1, 2); };
  at::Tensor scores = at::matmul(heads(q), heads(k).transpose(2, 3)) / std::sqrt(static_cast<double>(c.head_size));
  at::Tensor seen = at::ones({c.B, 1, c.T, c.S}, at::kBool);
  if (c.causal) seen = seen.tril();
  if (is_token.defined()) seen = seen.logical_and(is_token.view({c.B, 1, 1, c.S}));
  const at::Tensor probs = at::nan_to_num(scores.masked_fill(seen.logical_not(), -INFINITY).softmax(-1), 0.0);
  return at::matmul(probs, heads(v)).transpose(1, 2).reshape(q.sizes());
}

at::Tensor padding(const Case& c) {
  if (!c.with_padding) return {};
  const at::Tensor is_token = at::rand({c.B, c.S}).gt(0.4);
  is_token.select(1, 0).fill_(true);
  return is_token;
}

class AttentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(2);
    at::manual_seed(1);
  }
  static void expect_truth(const Case& c, at::ScalarType dtype) {
    const int64_t C = c.num_heads * c.head_size;
    const at::Tensor q = at::randn({c.B, c.T, C}).to(dtype), k = at::randn({c.B, c.S, C}).to(dtype), v = at::randn({c.B, c.S, C}).to(dtype);
    const at::Tensor is_token = padding(c);
    const at::Tensor actual = attention(q, k, v, c.num_heads, 0, c.causal, is_token);
    EXPECT_EQ(actual.scalar_type(), dtype);
    const double worst = (actual.to(at::kDouble) - truth(q, k, v, c, is_token)).abs().max().item<double>();
    // bfloat16: weights and results are rounded to 8 bits; results are below about 4.
    EXPECT_LT(worst, dtype == at::kFloat ? 2e-6 : 2e-2) << "B " << c.B << " T " << c.T << " S " << c.S << " HS " << c.head_size << " causal " << c.causal
                                                        << " padding " << c.with_padding;
  }
  static void expect_truth(const Case& c) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) expect_truth(c, dtype);
  }
};

TEST_F(AttentionTest, EqualsPlainForOddSizes) {
  for (const int64_t T : {1, 2, 15, 16, 17, 33, 63, 64, 65, 130}) expect_truth({2, T, T, 2, 40});
  for (const int64_t S : {1, 2, 3, 31, 95, 96, 97, 193}) expect_truth({1, 20, S, 2, 40});
  for (const int64_t head_size : {1, 2, 7, 16, 17, 31, 40, 64, 80, 160}) expect_truth({1, 19, 23, 3, head_size});
}

TEST_F(AttentionTest, EqualsPlainForShapesOfStableDiffusion) {
  expect_truth({2, 256, 256, 8, 80});
  expect_truth({2, 256, 77, 8, 40});
  expect_truth({1, 64, 64, 1, 512});
}

TEST_F(AttentionTest, CausalQueriesSeeThePastAlone) {
  for (const int64_t T : {1, 2, 16, 17, 77, 100, 200}) expect_truth({2, T, T, 2, 64, true});
}

TEST_F(AttentionTest, PaddedKeysAreNotSeen) {
  for (const int64_t S : {1, 2, 30, 77, 200}) {
    expect_truth({3, S, S, 2, 24, false, true});
    expect_truth({3, S, S, 2, 24, true, true});
  }
}

TEST_F(AttentionTest, AQueryThatSeesNoKeyGivesZeros) {
  const at::Tensor x = at::randn({1, 5, 16}), is_token = at::zeros({1, 5}, at::kBool);
  EXPECT_TRUE(at::equal(attention(x, x, x, 2, 0, false, is_token), at::zeros({1, 5, 16})));
  is_token[0][3] = true;
  const at::Tensor out = attention(x, x, x, 2, 0, true, is_token);
  EXPECT_TRUE(at::equal(out.narrow(1, 0, 3), at::zeros({1, 3, 16})));
  EXPECT_TRUE(at::allclose(out[0][4], x[0][3]));
}

TEST_F(AttentionTest, ScoresThatGrowAndShrinkByFarStayExact) {
  // The largest score of each block of keys is far above, then far below, what was seen before.
  const Case c{1, 70, 400, 1, 16};
  const at::Tensor q = at::ones({1, c.T, 16}), v = at::randn({1, c.S, 16});
  const at::Tensor sizes = at::cat({at::linspace(-300, 300, 200), at::linspace(299, -900, 200)}).view({1, c.S, 1});
  const at::Tensor k = sizes.expand({1, c.S, 16}).contiguous() * 0.25;
  EXPECT_TRUE(at::allclose(attention(q, k, v, 1).to(at::kDouble), truth(q, k, v, c, {}), 1e-4, 1e-5));
}

TEST_F(AttentionTest, TakesViewsOfOneProjection) {
  const at::Tensor qkv = at::randn({2, 50, 3 * 32}).to(at::kBFloat16);
  const at::Tensor q = qkv.narrow(2, 0, 32), k = qkv.narrow(2, 32, 32), v = qkv.narrow(2, 64, 32);
  EXPECT_TRUE(at::equal(attention(q, k, v, 4), attention(q.contiguous(), k.contiguous(), v.contiguous(), 4)));
}

TEST_F(AttentionTest, DoesNotDependOnTheThreads) {
  const at::Tensor x = at::randn({2, 150, 64}).to(at::kBFloat16);
  const at::Tensor two = attention(x, x, x, 4);
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(attention(x, x, x, 4), two));
}

/// Gradients of all three against float64.
void expect_true_gradients(const Case& c, at::ScalarType dtype) {
  const int64_t C = c.num_heads * c.head_size;
  const auto random = [&](int64_t T) { return at::randn({c.B, T, C}).to(dtype); };
  const at::Tensor values[] = {random(c.T), random(c.S), random(c.S)}, d_out = random(c.T), is_token = padding(c);
  std::vector<at::Tensor> x, exact;
  for (const at::Tensor& value : values) {
    x.push_back(value.clone().requires_grad_(true));
    exact.push_back(value.to(at::kDouble).requires_grad_(true));
  }
  attention(x[0], x[1], x[2], c.num_heads, 0, c.causal, is_token).backward(d_out);
  truth(exact[0], exact[1], exact[2], c, is_token).backward(d_out.to(at::kDouble));
  for (size_t i = 0; i < 3; ++i) {
    const at::Tensor difference = x[i].grad().to(at::kDouble) - exact[i].grad();
    // Relative to the sums that cancel, too: of one key, dq is 0.
    const double size = exact[i].grad().norm().item<double>() + 0.3 * d_out.to(at::kDouble).norm().item<double>();
    EXPECT_LE(difference.norm().item<double>(), (dtype == at::kFloat ? 2e-6 : 1e-2) * size)
        << "input " << i << " T " << c.T << " S " << c.S << " HS " << c.head_size << " causal " << c.causal << " padding " << c.with_padding << " " << dtype;
  }
}
void expect_true_gradients(const Case& c) {
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) expect_true_gradients(c, dtype);
}

TEST_F(AttentionTest, GradientsEqualPlainForOddSizes) {
  for (const int64_t T : {1, 2, 15, 17, 33, 64, 65, 130}) expect_true_gradients({2, T, T, 2, 40});
  for (const int64_t S : {1, 3, 31, 95, 97, 193}) expect_true_gradients({1, 20, S, 2, 40});
  for (const int64_t head_size : {1, 2, 7, 16, 17, 31, 40, 64, 80, 160}) expect_true_gradients({1, 19, 23, 3, head_size});
}

TEST_F(AttentionTest, GradientsEqualPlainOverManyChunksOfKeys) {
  expect_true_gradients({1, 70, 1800, 2, 40});
  expect_true_gradients({1, 500, 500, 1, 200, true});
}

TEST_F(AttentionTest, GradientsEqualPlainWithMasks) {
  for (const int64_t S : {1, 2, 17, 30, 77, 200}) {
    expect_true_gradients({2, S, S, 2, 24, true, false});
    expect_true_gradients({3, S, S, 2, 24, false, true});
    expect_true_gradients({3, S, S, 2, 24, true, true});
  }
}

TEST_F(AttentionTest, KeysThatAreNotSeenGetNoGradient) {
  at::Tensor x = at::randn({1, 5, 16}).requires_grad_(true);
  const at::Tensor k = at::randn({1, 5, 16}).requires_grad_(true), is_token = at::zeros({1, 5}, at::kBool);
  attention(x, k, k, 2, 0, false, is_token).sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::zeros_like(x)));
  EXPECT_TRUE(at::equal(k.grad(), at::zeros_like(k)));
}

TEST_F(AttentionTest, KeysOfAnotherWidthOrTypeAreRefused) {
  const at::Tensor q = at::randn({1, 3, 8});
  EXPECT_THROW(attention(q, at::randn({1, 3, 16}), at::randn({1, 3, 16}), 2), InvalidInput);
  EXPECT_THROW(attention(q, q.to(at::kBFloat16), q, 2), InvalidInput);
}

}  // namespace
}  // namespace vitrine::nn
