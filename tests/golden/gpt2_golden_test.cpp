// Scores, logits and greedy continuations of two tiny models against those of the transformers library in float32.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "generation/decoder.h"

namespace vitrine::generation {
namespace {

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/gpt2_tiny";

class Gpt2GoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  Json golden(const char* part) const { return read_json_file(kData / concat(GetParam(), ".json"))[part]; }
  Decoder decoder(const std::string& dtype = "float32") const { return Decoder::load(kData / GetParam(), {.threads = 2, .dtype = dtype}); }
};

TEST_P(Gpt2GoldenTest, ScoresAreThoseOfTransformers) {
  Decoder model = decoder();
  for (const Json& row : golden("scores")) {
    const auto ids = row["input_ids"].get<std::vector<int32_t>>();
    const auto score = model.score(ids, row["labels_from"].get<size_t>());
    const double expected = row["logprob"].get<double>();
    EXPECT_EQ(score.tokens, row["tokens"].get<int64_t>());
    EXPECT_NEAR(score.logprob, expected, 1e-5 * std::abs(expected)) << ids.size() << " ids";
  }
}

TEST_P(Gpt2GoldenTest, LogitsAreThoseOfTransformers) {
  Decoder model = decoder();
  for (const Json& row : golden("scores")) {
    const auto logits = model.logits_last(row["input_ids"].get<std::vector<int32_t>>());
    const auto expected = row["logits_last"].get<std::vector<float>>();
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 5e-5) << "logit " << i;
  }
}

TEST_P(Gpt2GoldenTest, GreedyContinuationsAreThoseOfTransformers) {
  Decoder model = decoder();
  for (const Json& row : golden("greedy")) {
    const auto expected = row["tokens"].get<std::vector<int32_t>>();
    Request request{.prompt = row["prompt"].get<std::vector<int32_t>>(), .keys = {RandomKey(0)}};
    request.sampling.temperature = 0;
    request.sampling.max_new_tokens = static_cast<int>(expected.size());
    EXPECT_EQ(model.generate({&request, 1})[0][0].tokens, expected);
  }
}

TEST_P(Gpt2GoldenTest, Bfloat16ScoresAreNear) {
  Decoder model = decoder("bfloat16");
  for (const Json& row : golden("scores")) {
    const auto ids = row["input_ids"].get<std::vector<int32_t>>();
    const double expected = row["logprob"].get<double>();
    const auto score = model.score(ids, row["labels_from"].get<size_t>());
    EXPECT_NEAR(score.logprob, expected, 0.02 * std::abs(expected)) << ids.size() << " ids";
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Gpt2GoldenTest, ::testing::Values("tied", "untied"));

}  // namespace
}  // namespace vitrine::generation
