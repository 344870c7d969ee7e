#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "base/error.h"
#include "generation/ranker.h"
#include "models/gpt2/module.h"
#include "models/ranker/module.h"
#include "nn/initialize.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

/// -log sigmoid(first - second) + (first + second)^2 / 10: the derivatives do not sum to 0, or
/// ln_f.bias had none.
class FirstWins : public GroupObjective {
 public:
  double loss(const GroupValues& group, std::span<double> derivatives) const override {
    const double lead = group.values[0] - group.values[1], push = 1 / (1 + std::exp(lead));
    const double both = group.values[0] + group.values[1];
    derivatives[0] = 0.2 * both - push, derivatives[1] = 0.2 * both + push;
    return std::log1p(std::exp(-lead)) + 0.1 * both * both;
  }
  Json settings() const override { return {{"name", "first wins"}}; }
};

Gpt2Config tiny_config() {
  Gpt2Config config;
  config.vocab_size = 61;
  config.n_positions = 64;
  config.n_embd = 64;
  config.n_layer = 2;
  config.n_head = 2;
  config.eos_token_id = config.pad_token_id = 0;
  return config;
}

/// Weights far from their start, the head too, so that scores differ and no gradient is tiny.
Ranker tiny_ranker(const Gpt2Config& config = tiny_config()) {
  Ranker model(config, std::make_unique<FirstWins>());
  model.initialize(RandomKey(5));
  const at::NoGradGuard no_grad;
  at::Tensor head = model.parameters().value("score.weight").detach();
  nn::fill_normal(head, 0.1, RandomKey(6));
  at::Tensor values = model.parameters().values();
  values.mul_(4);
  model.weights_changed();
  return model;
}

std::vector<int32_t> random_ids(int length, uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  std::vector<int32_t> ids;
  for (int i = 0; i < length; ++i) ids.push_back(static_cast<int32_t>(1 + random.below(60)));
  return ids;
}

/// Neighbours are pairs.
nn::PackedBatch pairs_of(std::initializer_list<int> lengths) {
  nn::PackedBatch batch;
  for (const int length : lengths) {
    batch.add(random_ids(length, static_cast<uint64_t>(length)), 1);
    if (batch.num_documents() % 2 == 0)
      batch.end_group(std::vector<nn::DocumentTarget>{{1, 0}, {0, 0}},
                      batch.num_documents() == 2 ? 1 : 0.5);
  }
  return batch;
}

PassConfig float32_pass(bool plain = false) {
  PassConfig pass;
  pass.dtype = ComputeType::float32;
  pass.plain = plain;
  return pass;
}

void expect_equal_gradients(const Gpt2Config& config, PassConfig pass, double tolerance) {
  Ranker model = tiny_ranker(config);
  const nn::PackedBatch batch = pairs_of({5, 33, 1, 64});
  pass.plain = true;
  const LossSum expected = model.forward_backward(batch, pass, 0.5);
  const at::Tensor plain = model.parameters().gradients().clone();
  model.parameters().gradients().zero_();
  pass.plain = false;
  const LossSum sum = model.forward_backward(batch, pass, 0.5);
  EXPECT_EQ(sum.num_labels, 2);
  EXPECT_NEAR(sum.objective, expected.objective, tolerance * expected.objective);
  for (size_t i = 0; i < model.parameters().specs().size(); ++i) {
    const auto& slice = model.parameters().slices()[i];
    const auto part = [&](const at::Tensor& flat) {
      return flat.narrow(0, slice.offset, slice.numel);
    };
    const at::Tensor difference = part(model.parameters().gradients()) - part(plain);
    EXPECT_LT((difference.norm() / part(plain).norm()).item<double>(), tolerance)
        << model.parameters().specs()[i].name;
  }
}

class RankerModuleTest : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_ =
      fs::temp_directory_path() / ("vitrine_ranker_module_test_" + std::to_string(::getpid()));
};

TEST_F(RankerModuleTest, HandWrittenGradientsEqualAutograds) {
  expect_equal_gradients(tiny_config(), float32_pass(), 2e-5);
}

TEST_F(RankerModuleTest, HandWrittenGradientsEqualAutogradsWithDropout) {
  PassConfig pass = float32_pass();
  pass.resid_pdrop = 0.2, pass.embd_pdrop = 0.1, pass.attn_pdrop = 0.3;
  pass.dropout_key = 77;
  expect_equal_gradients(tiny_config(), pass, 2e-5);
}

TEST_F(RankerModuleTest, GradientIsTheSlopeOfTheLoss) {
  Ranker model = tiny_ranker();
  const nn::PackedBatch batch = pairs_of({20, 33, 7, 12});
  model.forward_backward(batch, float32_pass(), 1);
  const at::Tensor direction =
      model.parameters().gradients() / model.parameters().gradients().norm();
  const double slope = model.parameters().gradients().norm().item<double>(), step = 1e-3;
  at::Tensor values = model.parameters().values();
  values.add_(direction, step);
  const double up = model.evaluate(batch, float32_pass()).objective;
  values.add_(direction, -2 * step);
  const double down = model.evaluate(batch, float32_pass()).objective;
  EXPECT_NEAR((up - down) / (2 * step), slope, 5e-3 * slope);
}

TEST_F(RankerModuleTest, TheEngineGivesTheSavedModelsScores) {
  Ranker model = tiny_ranker();
  model.save(dir_, ComputeType::float32, {{"format", "pt"}});
  nn::PackedBatch batch;
  std::vector<std::vector<int32_t>> texts;
  for (const int length : {1, 2, 17, 33, 64}) {
    texts.push_back(random_ids(length, static_cast<uint64_t>(length)));
    batch.add(texts.back(), 1);
  }
  const auto engine = generation::Ranker::load(dir_, {.threads = 1}).score(texts);
  for (const bool plain : {false, true}) {
    const auto scores = model.scores(batch, float32_pass(plain));
    ASSERT_EQ(scores.size(), texts.size());
    for (size_t i = 0; i < texts.size(); ++i) EXPECT_NEAR(scores[i], engine[i], 1e-4) << i;
  }
  EXPECT_GT(std::abs(engine[0] - engine[1]), 1e-2);  // they do differ
}

TEST_F(RankerModuleTest, ASavedModelLoadsAgainToTheBit) {
  const Ranker model = tiny_ranker();
  model.save(dir_, ComputeType::float32, {});
  const Json config = read_json_file(dir_ / "config.json");
  EXPECT_EQ(config["architectures"][0], "GPT2ForSequenceClassification");
  EXPECT_EQ(config["id2label"].size(), 1u);
  EXPECT_EQ(config["pad_token_id"], 0);
  EXPECT_TRUE(
      at::equal(Ranker::load(dir_, nullptr).parameters().values(), model.parameters().values()));
}

TEST_F(RankerModuleTest, ALanguageModelGivesItsFirstLayersAndAnEmptyHead) {
  Gpt2Config config = tiny_config();
  config.pad_token_id = -1;
  config.n_layer = 3;
  Gpt2 language_model(config);
  language_model.initialize(RandomKey(9));
  language_model.save(dir_, ComputeType::float32, {});
  Ranker ranker = Ranker::load(dir_, std::make_unique<FirstWins>(), 2);
  EXPECT_EQ(ranker.config().n_layer, 2);
  EXPECT_EQ(ranker.config().pad_token_id, 0);  // its end token
  EXPECT_TRUE(at::equal(ranker.parameters().value("h.1.mlp.c_fc.weight"),
                        language_model.parameters().value("h.1.mlp.c_fc.weight")));
  EXPECT_NEAR(ranker.evaluate(pairs_of({5, 9}), float32_pass()).objective, std::log(2.0), 1e-6);
  EXPECT_THROW(Ranker::load(dir_, nullptr, 4), InvalidInput);
}

TEST_F(RankerModuleTest, WhatHasNoScoreIsRefused) {
  Ranker model = tiny_ranker();
  nn::PackedBatch padded, too_long;
  padded.add(std::vector<int32_t>{3, 5, 0}, 1);
  too_long.add(std::vector<int32_t>(65, 1), 1);
  EXPECT_THROW(model.scores(padded, float32_pass()), InvalidInput);
  EXPECT_THROW(model.scores(too_long, float32_pass()), InvalidInput);
  EXPECT_THROW(Ranker(tiny_config(), nullptr).evaluate(pairs_of({5, 9}), float32_pass()),
               InvalidInput);
  Gpt2Config no_pad = tiny_config();
  no_pad.pad_token_id = -1;
  EXPECT_THROW(Ranker(no_pad, nullptr), InvalidInput);
}

}  // namespace
}  // namespace vitrine::models
