#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "models/bert/weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

class BertWeightsTest : public ::testing::Test {
 protected:
  BertWeightsTest() {
    config_ = {.vocab_size = 11,
               .hidden_size = 4,
               .num_hidden_layers = 1,
               .num_attention_heads = 2,
               .intermediate_size = 6,
               .max_position_embeddings = 5,
               .id2label = {"O", "B", "I"}};
    for (const WeightSpec& spec : bert_weight_specs(config_)) put(spec.name, spec.shape);
  }

  void put(const std::string& name, std::vector<int64_t> shape) {
    size_t count = 1;
    for (const int64_t length : shape) count *= static_cast<size_t>(length);
    shapes_[name] = std::move(shape);
    values_[name].assign(count, 0.5f);
  }
  void put_head() {
    for (const WeightSpec& spec : bert_head_specs(config_)) put(spec.name, spec.shape);
  }
  void rename(const std::string& name, const std::string& other) {
    put(other, shapes_.at(name));
    shapes_.erase(name);
  }

  Weights save_and_load(const std::string& prefix = "") {
    std::vector<io::TensorToSave> tensors;
    for (const auto& [name, shape] : shapes_) {
      const std::string stored = name.starts_with("classifier") ? name : prefix + name;
      tensors.push_back(
          {stored, io::DType::F32, shape, std::as_bytes(std::span(values_.at(name)))});
    }
    io::save_safetensors(dir_.path() / "model.safetensors", tensors, {});
    return load_bert_weights(dir_.path(), config_);
  }
  std::string refusal() {
    return message_of<InvalidInput>([this] { save_and_load(); });
  }

  BertConfig config_;
  std::map<std::string, std::vector<int64_t>> shapes_;
  std::map<std::string, std::vector<float>> values_;
  test::TemporaryDirectory dir_;
};

TEST_F(BertWeightsTest, NamesAreFoundWithAndWithoutPrefix) {
  for (const char* prefix : {"", "bert."}) {
    const Weights weights = save_and_load(prefix);
    EXPECT_EQ(weights.view("encoder.layer.0.intermediate.dense.weight").shape,
              (std::vector<int64_t>{6, 4}));
    EXPECT_FALSE(weights.has("classifier.weight"));
  }
}

TEST_F(BertWeightsTest, OldNamesOfLayerNormAreKnownAndPositionsAreIgnored) {
  for (const char* part : {"embeddings.", "encoder.layer.0.output."}) {
    rename(concat(part, "LayerNorm.weight"), concat(part, "LayerNorm.gamma"));
    rename(concat(part, "LayerNorm.bias"), concat(part, "LayerNorm.beta"));
  }
  put("embeddings.position_ids", {1, 5});
  EXPECT_TRUE(save_and_load("bert.").has("encoder.layer.0.output.LayerNorm.bias"));
  put("embeddings.LayerNorm.weight", {4});
  EXPECT_NE(refusal().find("embeddings.LayerNorm.weight: stored twice"), std::string::npos);
}

TEST_F(BertWeightsTest, AHeadIsTakenWhenItIsThereOrAskedFor) {
  config_.architectures = {"BertForTokenClassification"};
  EXPECT_NE(refusal().find("classifier.weight: missing, expected [3, 4]"), std::string::npos);
  put_head();
  EXPECT_TRUE(save_and_load("bert.").has("classifier.bias"));
  config_.architectures.clear();
  EXPECT_TRUE(save_and_load("bert.").has("classifier.bias"));
  config_.architectures = {"BertForSequenceClassification"};
  EXPECT_NE(refusal().find("classifier.weight: unexpected"), std::string::npos);
}

TEST_F(BertWeightsTest, APoolerMayBeThereWhole) {
  put("pooler.dense.weight", {4, 4});
  EXPECT_NE(refusal().find("pooler.dense.bias: missing"), std::string::npos);
  put("pooler.dense.bias", {4});
  EXPECT_NO_THROW(save_and_load("bert."));
}

TEST_F(BertWeightsTest, AllMismatchesAreListedAtOnce) {
  shapes_.erase("embeddings.LayerNorm.bias");
  put("encoder.layer.0.attention.self.key.weight", {4, 5});
  put("cls.predictions.bias", {11});
  put("embeddings.word_embeddings.weight", {16, 4});
  const std::string message = refusal();
  for (const char* part :
       {"[load_bert_weights]", "4 tensors", "embeddings.LayerNorm.bias: missing, expected [4]",
        "encoder.layer.0.attention.self.key.weight: expected [4, 4], file has [4, 5]",
        "cls.predictions.bias: unexpected, [11]",
        "embeddings.word_embeddings.weight: expected [11, 4], file has [16, 4]"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " is not in: " << message;
  }
}

}  // namespace
}  // namespace vitrine::models
