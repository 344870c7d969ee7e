#include "models/gpt2/module.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/group_objective.h"

namespace vitrine::models {
namespace {

Gpt2Config tiny_config() {
  Gpt2Config config;
  config.vocab_size = 61;
  config.n_positions = 64;
  config.n_embd = 64;
  config.n_layer = 2;
  config.n_head = 2;
  return config;
}

Gpt2 tiny_model(const Gpt2Config& config = tiny_config()) {
  Gpt2 model(config);
  model.initialize(RandomKey(5));
  at::Tensor values = model.parameters().values();  // larger than at the start, so that gradients are not tiny
  values.mul_(4);
  model.weights_changed();
  return model;
}

std::vector<int32_t> random_ids(int length, uint64_t seed) {
  RandomStream random{RandomKey(seed)};
  std::vector<int32_t> ids;
  for (int i = 0; i < length; ++i) ids.push_back(static_cast<int32_t>(random.below(61)));
  return ids;
}

nn::PackedBatch batch_of(std::initializer_list<int> lengths) {
  nn::PackedBatch batch;
  for (const int length : lengths) batch.add(random_ids(length, static_cast<uint64_t>(length)), length / 3);
  return batch;
}

PassConfig float32_pass(bool plain = false) {
  PassConfig pass;
  pass.dtype = ComputeType::float32;
  pass.plain = plain;
  return pass;
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

class Gpt2ModuleTest : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
};

/// The gradients of every parameter agree; the worst is named.
void expect_near_gradients(const Gpt2& model, const at::Tensor& gradients, const at::Tensor& expected, double tolerance) {
  for (size_t i = 0; i < model.parameters().specs().size(); ++i) {
    const auto& slice = model.parameters().slices()[i];
    const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, slice.offset, slice.numel); };
    EXPECT_LT(relative_difference(part(gradients), part(expected)), tolerance) << model.parameters().specs()[i].name;
  }
}

/// Those of one pass alone.
at::Tensor take_gradients(Gpt2& model) {
  at::Tensor taken = model.parameters().gradients().clone();
  model.parameters().gradients().zero_();
  return taken;
}

/// The hand-written pass agrees with autograd.
void expect_equal_gradients(Gpt2 model, const nn::PackedBatch& batch, PassConfig pass, double tolerance,
                            const GroupObjective* objective = nullptr) {
  const auto run = [&](bool plain) {
    pass.plain = plain;
    return objective == nullptr ? model.forward_backward(batch, pass, 0.01) : model.forward_backward(batch, pass, 0.01, *objective);
  };
  const LossSum expected = run(true);
  const at::Tensor plain = take_gradients(model);
  const LossSum sum = run(false);
  EXPECT_EQ(sum.num_labels, expected.num_labels);
  EXPECT_NEAR(sum.nll, expected.nll, tolerance * expected.nll);
  EXPECT_NEAR(sum.objective, expected.objective, tolerance * expected.objective);
  expect_near_gradients(model, take_gradients(model), plain, tolerance);
}

TEST_F(Gpt2ModuleTest, HandWrittenGradientsEqualAutograds) {
  expect_equal_gradients(tiny_model(), batch_of({5, 33, 1, 16, 64}), float32_pass(), 2e-5);
}

TEST_F(Gpt2ModuleTest, HandWrittenGradientsEqualAutogradsWithDropoutAndSmoothing) {
  PassConfig pass = float32_pass();
  pass.resid_pdrop = 0.2, pass.embd_pdrop = 0.1, pass.attn_pdrop = 0.3;
  pass.dropout_key = 77;
  pass.label_smoothing = 0.1;
  expect_equal_gradients(tiny_model(), batch_of({5, 33, 50, 16}), pass, 2e-5);
}

TEST_F(Gpt2ModuleTest, HandWrittenGradientsEqualAutogradsForUntiedScaledModels) {
  Gpt2Config config = tiny_config();
  config.tie_word_embeddings = false;
  config.scale_attn_by_inverse_layer_idx = true;
  config.n_inner = 96;
  expect_equal_gradients(tiny_model(config), batch_of({20, 33}), float32_pass(), 2e-5);
}

TEST_F(Gpt2ModuleTest, BFloat16GradientsAreCloseToAutogradsInBFloat16) {
  PassConfig pass;
  expect_equal_gradients(tiny_model(), batch_of({40, 33, 16}), pass, 0.08);
}

/// Minus the sum of the values: with weights of 1 the language model's own loss.
class NegativeSum : public GroupObjective {
 public:
  double loss(const GroupValues& group, std::span<double> derivatives) const override {
    double sum = 0;
    for (size_t i = 0; i < derivatives.size(); ++i) derivatives[i] = -1, sum -= group.values[i];
    return sum;
  }
  Json settings() const override { return {{"name", "negative sum"}}; }
};

/// -log sigmoid of the difference to the next document's mean log-probability, around the group: no derivative is 0.
class Neighbours : public GroupObjective {
 public:
  double loss(const GroupValues& group, std::span<double> derivatives) const override {
    const size_t count = derivatives.size();
    double sum = 0;
    std::fill(derivatives.begin(), derivatives.end(), 0.0);
    for (size_t i = 0; i < count; ++i) {
      const size_t next = (i + 1) % count;
      const double lead = group.values[i] / group.predicted_tokens[i] - group.values[next] / group.predicted_tokens[next] +
                          group.targets[i].reward;
      const double push = 1 / (1 + std::exp(lead));
      sum += std::log1p(std::exp(-lead));
      derivatives[i] -= push / group.predicted_tokens[i];
      derivatives[next] += push / group.predicted_tokens[next];
    }
    return sum;
  }
  Json settings() const override { return {{"name", "neighbours"}}; }
};

nn::PackedBatch grouped(nn::PackedBatch batch, std::initializer_list<size_t> sizes, std::initializer_list<double> weights) {
  nn::PackedBatch all;
  size_t d = 0;
  auto weight = weights.begin();
  for (const size_t size : sizes) {
    std::vector<nn::DocumentTarget> targets;
    for (size_t i = 0; i < size; ++i, ++d) {
      const auto begin = static_cast<size_t>(batch.cu_seqlens[d]), length = static_cast<size_t>(batch.cu_seqlens[d + 1]) - begin;
      all.add(std::span(batch.input_ids).subspan(begin, length), static_cast<int32_t>(length) / 3);
      targets.push_back({static_cast<double>(i), 0});
    }
    all.end_group(targets, *weight++);
  }
  return all;
}

TEST_F(Gpt2ModuleTest, MinusTheSumOfLogProbabilitiesIsTheLanguageModelsLoss) {
  const nn::PackedBatch plain_batch = batch_of({5, 33, 17, 16, 64}), batch = grouped(plain_batch, {2, 3}, {1, 1});
  for (const bool plain : {false, true}) {
    Gpt2 model = tiny_model();
    const LossSum expected = model.forward_backward(plain_batch, float32_pass(plain), 0.01);
    const at::Tensor gradients = take_gradients(model);
    const LossSum sum = model.forward_backward(batch, float32_pass(plain), 0.01, NegativeSum());
    EXPECT_NEAR(sum.objective, expected.objective, 1e-5 * expected.objective);
    EXPECT_NEAR(model.evaluate(batch, float32_pass(plain), NegativeSum()).objective, expected.objective, 1e-5 * expected.objective);
    EXPECT_EQ(sum.num_labels, 2);
    expect_near_gradients(model, take_gradients(model), gradients, 2e-5);
  }
}

TEST_F(Gpt2ModuleTest, HandWrittenGradientsOfComparedDocumentsEqualAutograds) {
  const nn::PackedBatch batch = grouped(batch_of({5, 33, 17, 16, 64}), {2, 3}, {1, 0.5});
  const Neighbours objective;
  expect_equal_gradients(tiny_model(), batch, float32_pass(), 2e-5, &objective);
  PassConfig pass = float32_pass();
  pass.resid_pdrop = 0.2, pass.attn_pdrop = 0.1, pass.dropout_key = 7;
  expect_equal_gradients(tiny_model(), batch, pass, 2e-5, &objective);
}

TEST_F(Gpt2ModuleTest, ADocumentWithoutADerivativeTeachesNothing) {
  class First : public GroupObjective {
   public:
    double loss(const GroupValues& group, std::span<double> derivatives) const override {
      std::fill(derivatives.begin(), derivatives.end(), 0.0);
      derivatives[0] = -1;
      return -group.values[0];
    }
    Json settings() const override { return {}; }
  };
  Gpt2 model = tiny_model();
  const nn::PackedBatch two = grouped(batch_of({33, 17}), {2}, {1}), one = batch_of({33});
  model.forward_backward(one, float32_pass(), 0.01);
  const at::Tensor expected = take_gradients(model);
  model.forward_backward(two, float32_pass(), 0.01, First());
  expect_near_gradients(model, take_gradients(model), expected, 2e-5);
}

TEST_F(Gpt2ModuleTest, GradientIsTheSlopeOfTheLoss) {
  Gpt2 model = tiny_model();
  const nn::PackedBatch batch = batch_of({20, 33});
  model.forward_backward(batch, float32_pass(), 1);
  const at::Tensor direction = model.parameters().gradients() / model.parameters().gradients().norm();
  const double slope = model.parameters().gradients().norm().item<double>(), step = 1e-3;
  at::Tensor values = model.parameters().values();
  values.add_(direction, step);
  const double up = model.evaluate(batch, float32_pass()).objective;
  values.add_(direction, -2 * step);
  const double down = model.evaluate(batch, float32_pass()).objective;
  EXPECT_NEAR((up - down) / (2 * step), slope, 5e-3 * slope);
}

TEST_F(Gpt2ModuleTest, ADocumentDoesNotSeeItsNeighbours) {
  Gpt2 model = tiny_model();
  for (const bool plain : {false, true}) {
    nn::PackedBatch one, other;
    one.add(random_ids(17, 1), 1);
    other.add(random_ids(17, 2), 1);
    for (nn::PackedBatch* batch : {&one, &other}) batch->add(random_ids(30, 3), 1);
    const auto one_nll = model.document_nll(one, float32_pass(plain)), other_nll = model.document_nll(other, float32_pass(plain));
    EXPECT_NE(one_nll[0], other_nll[0]);
    EXPECT_EQ(one_nll[1], other_nll[1]);  // to the bit
  }
}

TEST_F(Gpt2ModuleTest, ATokenDoesNotSeeLaterOnes) {
  Gpt2 model = tiny_model();
  nn::PackedBatch whole, part;
  const auto ids = random_ids(40, 9);
  whole.add(ids, 1);
  part.add(std::span(ids).first(21), 1);
  const at::Tensor expected = model.logits(part, float32_pass());
  EXPECT_LT(relative_difference(model.logits(whole, float32_pass()).narrow(0, 0, 21), expected), 1e-5);
}

TEST_F(Gpt2ModuleTest, LossIsTheSumOverDocuments) {
  Gpt2 model = tiny_model();
  const nn::PackedBatch batch = batch_of({5, 33, 16});
  double sum = 0;
  for (const double nll : model.document_nll(batch, float32_pass())) sum += nll;
  EXPECT_NEAR(model.evaluate(batch, float32_pass()).nll, sum, 1e-4 * sum);
}

TEST_F(Gpt2ModuleTest, StartsWithTheLossOfAUniformGuess) {
  Gpt2 model(tiny_config());
  model.initialize(RandomKey(1));
  const LossSum sum = model.evaluate(batch_of({60, 33}), float32_pass());
  EXPECT_NEAR(sum.nll / static_cast<double>(sum.num_labels), std::log(61.0), 0.1);
}

TEST_F(Gpt2ModuleTest, SavedModelLoadsAgainToTheBit) {
  const auto dir = std::filesystem::temp_directory_path() / "vitrine_gpt2_module_test";
  Gpt2 model = tiny_model();
  model.save(dir, ComputeType::float32, {{"training_comment", "test"}});
  const Gpt2 again = Gpt2::load(dir);
  EXPECT_TRUE(at::equal(model.parameters().values(), again.parameters().values()));
  model.save(dir, ComputeType::bfloat16, {});
  EXPECT_LT(relative_difference(Gpt2::load(dir).parameters().values(), model.parameters().values()), 4e-3);
  std::filesystem::remove_all(dir);
}

TEST_F(Gpt2ModuleTest, TokensOutsideTheVocabularyAndTooLongDocumentsAreRefused) {
  Gpt2 model = tiny_model();
  nn::PackedBatch bad_token, too_long;
  bad_token.add(std::vector<int32_t>{3, 61}, 1);
  too_long.add(std::vector<int32_t>(65, 1), 1);
  EXPECT_THROW(model.evaluate(bad_token, {}), InvalidInput);
  EXPECT_THROW(model.evaluate(too_long, {}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::models
