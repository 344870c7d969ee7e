// The trainer with a model of classes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/bert/module.h"
#include "support/temporary_directory.h"
#include "train/trainer.h"

namespace vitrine::train {
namespace {

models::BertTagger tiny_tagger() {
  models::BertConfig config;
  config.vocab_size = 20;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 64;
  config.max_position_embeddings = 16;
  config.id2label = {"even", "odd"};
  models::BertTagger model(config);
  model.initialize(RandomKey(3));
  return model;
}

/// The class of a token is whether its id is odd; every fourth token has none.
std::vector<Example> parity_examples(int count, uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  std::vector<Example> examples;
  for (int i = 0; i < count; ++i) {
    Example example;
    const uint64_t length = 4 + random.below(12);
    for (uint64_t k = 0; k < length; ++k) {
      const auto id = static_cast<int32_t>(random.below(20));
      example.input_ids.push_back(id);
      example.token_type_ids.push_back(k > 5 ? 1 : 0);
      example.classes.push_back(k % 4 == 3 ? nn::kNoLabel : id % 2);
    }
    examples.push_back(std::move(example));
  }
  return examples;
}

TrainConfig tiny_config() {
  TrainConfig config;
  config.epochs = 2;
  config.batch_tokens = 64;
  config.warmup_steps = 2;
  config.learning_rate = 3e-3;
  config.attn_pdrop = 0;
  return config;
}

class TaggerTrainingTest : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  at::Tensor train_fresh(const TrainConfig& config, const char* name, TrainResult* result = nullptr) {
    models::BertTagger model = tiny_tagger();
    FixedExamples source(parity_examples(40, 1));
    const TrainResult got =
        train(model, config, source, {parity_examples(8, 2), 0}, directory_.path() / name);
    if (result != nullptr) *result = got;
    return model.parameters().values().clone();
  }
  test::TemporaryDirectory directory_;
};

TEST_F(TaggerTrainingTest, LearnsClassesOfTokens) {
  TrainConfig config = tiny_config();
  config.epochs = 12;
  TrainResult result;
  train_fresh(config, "run", &result);
  EXPECT_TRUE(result.complete);
  EXPECT_LT(result.validation_loss.value(), 0.1);
}

TEST_F(TaggerTrainingTest, StepsThenResumeEqualARunThatWasNeverStopped) {
  const at::Tensor whole = train_fresh(tiny_config(), "whole");
  TrainConfig part = tiny_config();
  part.max_steps = 5;
  TrainResult result;
  train_fresh(part, "parts", &result);
  EXPECT_FALSE(result.complete);
  EXPECT_TRUE(at::equal(train_fresh(tiny_config(), "parts"), whole));
}

TEST_F(TaggerTrainingTest, MicroBatchesGiveTheSameGradient) {
  TrainConfig split = tiny_config();
  split.micro_batch_tokens = 20;
  split.dtype = "float32";
  split.resid_pdrop = split.embd_pdrop = 0;
  TrainConfig plain = split;
  plain.micro_batch_tokens = 0;
  const at::Tensor a = train_fresh(split, "split"), b = train_fresh(plain, "plain");
  EXPECT_LT((a - b).abs().max().item<double>(), 0.02);
}

}  // namespace
}  // namespace vitrine::train
