#include "models/bert/module.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "generation/encoder.h"
#include "support/random_bert.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

BertConfig tiny_config() {
  BertConfig config;
  config.vocab_size = 40;
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 64;
  config.max_position_embeddings = 24;
  config.id2label = {"O", "B-a", "I-a"};
  return config;
}

constexpr PassConfig kFloat32{.dtype = ComputeType::float32};

/// Three documents of different lengths; every third token has no class.
nn::PackedBatch batch_of_three() {
  nn::PackedBatch batch;
  RandomStream random{RandomKey(5)};
  for (const size_t length : {7, 1, 20}) {
    std::vector<int32_t> ids, types, classes;
    for (size_t i = 0; i < length; ++i) {
      ids.push_back(static_cast<int32_t>(random.below(40)));
      types.push_back(i > length / 2 ? 1 : 0);
      classes.push_back(i % 3 == 2 ? nn::kNoLabel : static_cast<int32_t>(random.below(3)));
    }
    batch.add_classified(ids, types, classes);
  }
  return batch;
}

std::vector<generation::EncoderInput> encoder_inputs(const nn::PackedBatch& batch) {
  std::vector<generation::EncoderInput> inputs;
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    const int32_t begin = batch.cu_seqlens[d], end = batch.cu_seqlens[d + 1];
    const auto part = [&](const std::vector<int32_t>& all) {
      return std::vector<int32_t>(all.begin() + begin, all.begin() + end);
    };
    inputs.push_back({part(batch.input_ids), part(batch.token_type_ids)});
  }
  return inputs;
}

TEST(BertTaggerTest, LogitsEqualThoseOfTheEncoderOnKernels) {
  const test::TemporaryDirectory directory;
  test::write_random_bert(directory.path(), tiny_config(), 0.3f);
  BertTagger model = BertTagger::load(directory.path());
  auto encoder = generation::Encoder::load(directory.path(), {.threads = 1, .dtype = "float32"});
  const nn::PackedBatch batch = batch_of_three();
  const at::Tensor logits = model.logits(batch, kFloat32).contiguous();
  const auto expected = encoder.logits(encoder_inputs(batch));
  const float* value = logits.const_data_ptr<float>();
  for (const auto& document : expected) {
    for (const float x : document) EXPECT_NEAR(*value++, x, 1e-4);
  }
  EXPECT_EQ(value, logits.const_data_ptr<float>() + logits.numel());
}

TEST(BertTaggerTest, SavedAndLoadedItIsTheSameModel) {
  const test::TemporaryDirectory directory;
  BertTagger model(tiny_config());
  model.initialize(RandomKey(2));
  model.save(directory.path(), ComputeType::float32, {});
  BertTagger loaded = BertTagger::load(directory.path());
  const auto batch = batch_of_three();
  EXPECT_TRUE(at::equal(model.logits(batch, kFloat32), loaded.logits(batch, kFloat32)));
  EXPECT_EQ(loaded.config().id2label, tiny_config().id2label);
}

TEST(BertTaggerTest, GradientEqualsTheFiniteDifference) {
  BertTagger model(tiny_config());
  model.initialize(RandomKey(2));
  const at::Tensor values = model.parameters().values();
  values.mul_(5);  // away from the flat start
  const auto batch = batch_of_three();
  model.forward_backward(batch, kFloat32, 1.0);
  const at::Tensor gradients = model.parameters().gradients();
  const auto shifted_loss = [&](int64_t idx, double step) {
    values[idx] += step;
    const double loss = model.evaluate(batch, kFloat32).objective;
    values[idx] -= step;
    return loss;
  };
  for (const nn::ParameterSpec& spec : model.parameters().specs()) {
    const auto& slice = model.parameters().slices()[model.parameters().index(spec.name)];
    const at::Tensor part = gradients.narrow(0, slice.offset, slice.numel);
    const int64_t idx = slice.offset + part.abs().argmax().item<int64_t>();  // the steepest of each
    const double numeric = (shifted_loss(idx, 2e-3) - shifted_loss(idx, -2e-3)) / 4e-3;
    EXPECT_NEAR(gradients[idx].item<double>(), numeric, 0.01 + 0.05 * std::abs(numeric))
        << spec.name;
  }
}

TEST(BertTaggerTest, ADocumentsLossDoesNotDependOnItsNeighbours) {
  BertTagger model(tiny_config());
  model.initialize(RandomKey(2));
  const nn::PackedBatch batch = batch_of_three();
  double sum = 0;
  for (size_t d = 0; d < 3; ++d) {
    const auto begin = static_cast<size_t>(batch.cu_seqlens[d]);
    const auto length = static_cast<size_t>(batch.cu_seqlens[d + 1]) - begin;
    nn::PackedBatch alone;
    alone.add_classified(std::span(batch.input_ids).subspan(begin, length),
                         std::span(batch.token_type_ids).subspan(begin, length),
                         std::span(batch.labels).subspan(begin, length));
    sum += model.evaluate(alone, kFloat32).nll;
  }
  EXPECT_NEAR(model.evaluate(batch, kFloat32).nll, sum, 1e-3);
}

TEST(BertTaggerTest, AClassOutsideTheLabelsIsRefused) {
  BertTagger model(tiny_config());
  nn::PackedBatch batch = batch_of_three();
  batch.labels[0] = 3;
  EXPECT_THROW(model.evaluate(batch, kFloat32), InvalidInput);
}

}  // namespace
}  // namespace vitrine::models
