#include "models/gpt2/weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

class Gpt2WeightsTest : public ::testing::Test {
 protected:
  Gpt2WeightsTest() {
    config_ = {.vocab_size = 11, .n_positions = 5, .n_embd = 4, .n_layer = 1, .n_head = 2};
    for (const WeightSpec& spec : gpt2_weight_specs(config_)) put(spec.name, spec.shape);
  }

  void put(const std::string& name, std::vector<int64_t> shape, float value = 0.5f) {
    size_t count = 1;
    for (const int64_t length : shape) count *= static_cast<size_t>(length);
    shapes_[name] = std::move(shape);
    values_[name].assign(count, value);
  }
  void drop(const std::string& name) {
    shapes_.erase(name);
    values_.erase(name);
  }

  Gpt2Weights save_and_load(const std::string& prefix = "") {
    std::vector<io::TensorToSave> tensors;
    for (const auto& [name, shape] : shapes_) {
      const bool head = name.starts_with("lm_head") || name.starts_with("score");
      tensors.push_back({head ? name : prefix + name, io::DType::F32, shape, std::as_bytes(std::span(values_[name]))});
    }
    io::save_safetensors(dir_.path() / "model.safetensors", tensors, {});
    return load_gpt2_weights(dir_.path(), config_, extra_);
  }
  std::string refusal() {
    return message_of<InvalidInput>([this] { save_and_load(); });
  }

  Gpt2Config config_;
  std::vector<WeightSpec> extra_;
  std::map<std::string, std::vector<int64_t>> shapes_;
  std::map<std::string, std::vector<float>> values_;
  test::TemporaryDirectory dir_;
};

TEST_F(Gpt2WeightsTest, NamesAreFoundWithAndWithoutPrefix) {
  for (const char* prefix : {"", "transformer."}) {
    const Gpt2Weights weights = save_and_load(prefix);
    EXPECT_EQ(weights.view("h.0.attn.c_attn.weight").shape, (std::vector<int64_t>{4, 12}));
    EXPECT_EQ(weights.float32("ln_f.bias"), (std::vector<float>(4, 0.5f)));
    EXPECT_THROW(weights.view("h.1.ln_1.bias"), NotFound);
  }
}

TEST_F(Gpt2WeightsTest, MaskBuffersOfOldFilesAreIgnored) {
  put("h.0.attn.bias", {1, 1, 5, 5});
  put("h.0.attn.masked_bias", {});
  EXPECT_NO_THROW(save_and_load("transformer."));
}

TEST_F(Gpt2WeightsTest, ATiedHeadMayBeStoredWhenItIsTheEmbedding) {
  put("lm_head.weight", {11, 4});
  EXPECT_NO_THROW(save_and_load());
  put("lm_head.weight", {11, 4}, 0.25f);
  EXPECT_NE(refusal().find("lm_head.weight: differs from wte.weight"), std::string::npos);
}

TEST_F(Gpt2WeightsTest, AnUntiedHeadIsNeeded) {
  config_.tie_word_embeddings = false;
  EXPECT_NE(refusal().find("lm_head.weight: missing, expected [11, 4]"), std::string::npos);
  put("lm_head.weight", {11, 4}, 0.25f);
  EXPECT_EQ(save_and_load().float32("lm_head.weight")[0], 0.25f);
}

TEST_F(Gpt2WeightsTest, AllMismatchesAreListedAtOnce) {
  drop("ln_f.bias");
  put("h.0.mlp.c_fc.weight", {16, 4});
  put("h.1.ln_1.weight", {4});
  const std::string message = refusal();
  EXPECT_NE(message.find("3 tensors"), std::string::npos) << message;
  EXPECT_NE(message.find("ln_f.bias: missing, expected [4]"), std::string::npos) << message;
  EXPECT_NE(message.find("h.0.mlp.c_fc.weight: expected [4, 16], file has [16, 4]"), std::string::npos) << message;
  EXPECT_NE(message.find("h.1.ln_1.weight: unexpected, [4]"), std::string::npos) << message;
}

TEST_F(Gpt2WeightsTest, AtMostFiftyMismatchesAreListed) {
  for (int i = 0; i < 60; ++i) put(concat("extra.", i), {1});
  EXPECT_NE(refusal().find("and 10 more"), std::string::npos);
}

TEST_F(Gpt2WeightsTest, PaddedVocabularyRowsAreAcceptedAndOthersAreNot) {
  put("wte.weight", {16, 4});
  EXPECT_EQ(save_and_load().view("wte.weight").shape[0], 16);
  for (const int64_t rows : {10, 12, 11 + 128}) {
    put("wte.weight", {rows, 4});
    EXPECT_NE(refusal().find("wte.weight: expected [11, 4]"), std::string::npos) << rows;
  }
}

TEST_F(Gpt2WeightsTest, ExtraTensorsOfARankerAreMatched) {
  put("score.weight", {1, 4});
  EXPECT_NE(refusal().find("score.weight: unexpected"), std::string::npos);
  extra_ = {{"score.weight", {1, 4}}};
  EXPECT_NO_THROW(save_and_load("transformer."));
}

TEST_F(Gpt2WeightsTest, NanIsRefusedByTensorName) {
  values_["h.0.ln_2.bias"][1] = std::nanf("");
  const std::string message = message_of<Corrupt>([this] { save_and_load("transformer."); });
  EXPECT_NE(message.find("WGT_NONFINITE: transformer.h.0.ln_2.bias"), std::string::npos) << message;
}

}  // namespace
}  // namespace vitrine::models
