// The fused loops against plain ATen. Registered once for each instruction set (VITRINE_ISA).
#include "nn/fused_ops.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nn/plain_ops.h"

namespace vitrine::nn {
namespace {

class FusedOpsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    at::set_num_threads(2);
    at::manual_seed(1);
  }
  static at::Tensor random(at::IntArrayRef shape) { return at::randn(shape, at::kFloat); }
  static double difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a.to(at::kFloat) - b).norm() / b.norm()).item<double>();
  }
};

/// Forward and backward of one head count and set of document lengths.
struct AttentionCase {
  std::vector<int32_t> lengths;
  int64_t num_heads, head_size;
  Dropout dropout;

  std::vector<int32_t> cu_seqlens() const {
    std::vector<int32_t> starts = {0};
    for (const int32_t length : lengths) starts.push_back(starts.back() + length);
    return starts;
  }
};

void expect_attention_equals_plain(const AttentionCase& c) {
  const auto starts = c.cu_seqlens();
  const int64_t T = starts.back(), C = c.num_heads * c.head_size;
  at::Tensor qkv = at::randn({T, 3 * C}).requires_grad_(true);
  const at::Tensor d_out = at::randn({T, C});
  const at::Tensor expected = plain::packed_attention(qkv, starts, c.num_heads, 0.2, c.dropout);
  expected.backward(d_out);
  const at::Tensor out = at::empty({T, C}), lse = at::empty({c.num_heads, T}), d_qkv = at::empty({T, 3 * C});
  const fused::AttentionShape shape{starts, c.num_heads, 0.2, c.dropout};
  fused::packed_attention(qkv.detach(), shape, out, lse);
  EXPECT_TRUE(at::allclose(out, expected.detach(), 1e-4, 1e-5)) << "T " << T << " HS " << c.head_size;
  fused::packed_attention_backward(qkv.detach(), d_out, lse, shape, d_qkv);
  EXPECT_TRUE(at::allclose(d_qkv, qkv.grad(), 1e-4, 1e-5)) << "T " << T << " HS " << c.head_size;
}

TEST_F(FusedOpsTest, AttentionEqualsPlainForOddLengths) {
  for (const int64_t head_size : {16, 48, 64}) {
    expect_attention_equals_plain({{1, 2, 15, 16, 17}, 3, head_size, {}});
    expect_attention_equals_plain({{47, 48, 49, 97, 200}, 2, head_size, {}});
  }
}

TEST_F(FusedOpsTest, AttentionEqualsPlainWithDropout) {
  expect_attention_equals_plain({{5, 33, 70}, 2, 32, {.key = 99, .p = 0.3}});
}

TEST_F(FusedOpsTest, PaddedAttentionEqualsPackedAttention) {
  const std::vector<int32_t> starts = {0, 5, 38, 39, 60};
  const at::Tensor qkv = random({60, 3 * 32});
  for (const double p : {0.0, 0.3}) {
    const Dropout dropout{.key = 7, .p = p};
    const at::Tensor expected = plain::packed_attention(qkv, starts, 2, 0.25, dropout);
    EXPECT_TRUE(at::allclose(plain::padded_attention(qkv, starts, 2, 0.25, dropout), expected, 1e-4, 1e-5)) << "p " << p;
  }
}

TEST_F(FusedOpsTest, LargeScoresGiveFiniteProbabilities) {
  const std::vector<int32_t> starts = {0, 20};
  const at::Tensor qkv = random({20, 48}) * 60;
  const at::Tensor out = at::empty({20, 16}), lse = at::empty({1, 20});
  fused::packed_attention(qkv, {starts, 1, 1.0, {}}, out, lse);
  EXPECT_TRUE(at::allclose(out, plain::packed_attention(qkv, starts, 1, 1.0, {}), 1e-3, 1e-3));
}

TEST_F(FusedOpsTest, ResidualNormEqualsLayerNorm) {
  const int64_t T = 37, C = 48;
  const at::Tensor x = random({T, C}) * 3 + 1, branch = random({T, C}), x_out = at::empty({T, C}), y = at::empty({T, C});
  const fused::Norm norm{random({C}), random({C}), 1e-5};
  const fused::NormStats stats{at::empty({T}), at::empty({T})};
  const Dropout dropout{.key = 3, .p = 0.2};
  fused::residual_norm(x, branch, dropout, x_out, norm, y, stats);
  const at::Tensor expected = x + nn::dropout(branch, dropout);
  EXPECT_LT(difference(x_out, expected), 1e-6);
  EXPECT_LT(difference(y, at::layer_norm(expected, {C}, norm.weight, norm.bias, 1e-5)), 1e-5);
}

TEST_F(FusedOpsTest, GeluAndItsSlopeEqualPlain) {
  at::Tensor x = (random({33, 64}) * 4).requires_grad_(true);
  const at::Tensor d = random({33, 64}), out = at::empty({33, 64}), d_bias = at::ones({64});
  const at::Tensor expected = at::gelu(x, "tanh");
  expected.backward(d);
  fused::gelu(x.detach(), out);
  EXPECT_LT(difference(out, expected.detach()), 1e-5);
  const at::Tensor slope = d.clone();
  fused::gelu_backward(x.detach(), slope, d_bias);
  EXPECT_LT(difference(slope, x.grad()), 1e-5);
  EXPECT_LT(difference(d_bias, x.grad().sum(0) + 1), 1e-5);
}

TEST_F(FusedOpsTest, CrossEntropyAndGradientEqualPlainForEveryVocabularySize) {
  for (const int64_t V : {1, 5, 16, 17, 61, 96}) {
    for (const double smoothing : {0.0, 0.2}) {
      at::Tensor logits = (random({9, V}) * 5).requires_grad_(true);
      std::vector<int64_t> labels;
      for (int64_t n = 0; n < 9; ++n) labels.push_back(n * 7 % V);
      const at::Tensor expected = plain::cross_entropy_sum(logits, at::tensor(labels, at::kLong), smoothing);
      (expected * 0.5).backward();
      const at::Tensor fused_logits = logits.detach().clone();
      const auto sum = fused::cross_entropy(fused_logits, labels, smoothing, 0.5);
      EXPECT_NEAR(sum.objective, expected.item<double>(), 1e-4 * (1 + expected.item<double>())) << "V " << V;
      EXPECT_TRUE(at::allclose(fused_logits, logits.grad(), 1e-4, 1e-6)) << "V " << V << " smoothing " << smoothing;
    }
  }
}

TEST_F(FusedOpsTest, SumsDoNotDependOnTheThreads) {
  const at::Tensor x = random({301, 64});
  std::vector<at::Tensor> sums;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    sums.push_back(at::zeros({64}));
    fused::add_column_sums(x, sums.back());
  }
  EXPECT_TRUE(at::equal(sums[0], sums[1]));
  EXPECT_LT(difference(sums[0], x.sum(0)), 1e-5);
}

TEST_F(FusedOpsTest, AddToAndSquaredNormTakeOddCounts) {
  const at::Tensor x = random({1003}), sum = at::ones({1003});
  fused::add_to(x, sum);
  EXPECT_LT(difference(sum, x + 1), 1e-6);
  EXPECT_NEAR(fused::squared_norm(x), x.square().sum().item<double>(), 1e-3);
}

TEST_F(FusedOpsTest, BFloat16IsRoundedToNearestEven) {
  const at::Tensor w = random({4096}) * 100, zero = at::zeros({4096}), copy = at::empty({4096}, at::kBFloat16);
  fused::adamw(w, zero.clone(), zero.clone(), zero.clone(), copy, {1, 1, 0.9f, 0.95f, 0, 1, 1e-8f});
  EXPECT_TRUE(at::equal(copy, w.to(at::kBFloat16)));
}

}  // namespace
}  // namespace vitrine::nn
