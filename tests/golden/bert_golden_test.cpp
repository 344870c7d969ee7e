// Token logits and hidden states of tiny BERT models against those of the transformers library in
// float32.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "generation/encoder.h"

namespace vitrine::generation {
namespace {

const std::filesystem::path kData =
    std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/bert_tiny";

/// A folder; what transformers said of it lies beside it.
class BertGoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string folder = GetParam();
    const std::string same = folder.substr(0, folder.find("_old_names"));  // the same weights
    const Json golden = read_json_file(kData / (same + ".json"));
    for (const Json& row : golden["cases"]) {
      inputs_.push_back({row["input_ids"].get<std::vector<int32_t>>(),
                         row["token_type_ids"].get<std::vector<int32_t>>()});
      expected_.push_back(row["values"].get<std::vector<float>>());
    }
    ASSERT_EQ(inputs_.front().input_ids.size(), 1u);
  }

  std::vector<std::vector<float>> run(const std::string& dtype) const {
    Encoder encoder = Encoder::load(kData / GetParam(), {.threads = 2, .dtype = dtype});
    EXPECT_EQ(inputs_.back().input_ids.size(),
              static_cast<size_t>(encoder.config().max_position_embeddings));
    return encoder.has_head() ? encoder.logits(inputs_) : encoder.hidden_states(inputs_);
  }

  /// Runs `check` with the values and those of transformers of each input.
  template <typename Check>
  void compare(const std::string& dtype, Check check) const {
    const auto values = run(dtype);
    ASSERT_EQ(values.size(), expected_.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i].size(), expected_[i].size()) << "input " << i;
      SCOPED_TRACE(concat(dtype, ", input ", i));
      check(values[i], expected_[i]);
    }
  }

  /// Rounded weights move single values of a random model far; so the root mean square counts.
  void expect_near(const std::string& dtype, double tolerance) const {
    compare(dtype, [&](const std::vector<float>& values, const std::vector<float>& expected) {
      double squares = 0, error_squares = 0;
      for (size_t k = 0; k < values.size(); ++k) {
        squares += std::pow(expected[k], 2);
        error_squares += std::pow(values[k] - expected[k], 2);
      }
      EXPECT_LE(std::sqrt(error_squares / squares), tolerance);
    });
  }

  std::vector<EncoderInput> inputs_;
  std::vector<std::vector<float>> expected_;
};

TEST_P(BertGoldenTest, Float32IsThatOfTransformers) {
  compare("float32", [](const std::vector<float>& values, const std::vector<float>& expected) {
    float largest = 0;
    for (const float value : expected) largest = std::max(largest, std::abs(value));
    for (size_t k = 0; k < values.size(); ++k) {
      EXPECT_NEAR(values[k], expected[k], 1e-5f * largest) << "value " << k;
    }
  });
}
TEST_P(BertGoldenTest, Bfloat16IsNear) { expect_near("bfloat16", 0.03); }
TEST_P(BertGoldenTest, Int8IsNear) { expect_near("int8", 0.1); }

INSTANTIATE_TEST_SUITE_P(Models, BertGoldenTest,
                         ::testing::Values("gelu", "gelu_new", "gelu_old_names", "bare"));

TEST(BertGoldenModelsTest, LabelsAreThoseOfTheConfig) {
  const Encoder encoder = Encoder::load(kData / "gelu_new", {.threads = 1});
  EXPECT_EQ(encoder.config().id2label,
            (std::vector<std::string>{"O", "B-highlight", "I-highlight"}));
  EXPECT_FALSE(Encoder::load(kData / "bare", {.threads = 1}).has_head());
}

}  // namespace
}  // namespace vitrine::generation
