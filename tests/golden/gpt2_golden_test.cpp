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
  Json decoding(const char* part) const { return read_json_file(kData / concat(GetParam(), "_decoding.json"))[part]; }
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

TEST_P(Gpt2GoldenTest, GreedyContinuationsOf200PromptsAreThoseOfTransformers) {
  std::vector<Request> requests;
  const Json rows = decoding("greedy");
  ASSERT_EQ(rows.size(), 200u);
  for (const Json& row : rows) {
    Request& request = requests.emplace_back();
    request.prompt = row["prompt"].get<std::vector<int32_t>>();
    request.keys = {RandomKey(0)};
    request.sampling.temperature = 0;
    request.sampling.max_new_tokens = static_cast<int>(row["tokens"].size());
  }
  const auto results = decoder().generate(requests);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(results[i][0].tokens, rows[i]["tokens"].get<std::vector<int32_t>>()) << "prompt " << i;
  }
}

BeamConfig beams_of(const Json& settings) {
  BeamConfig config{.num_beams = settings["num_beams"].get<int>()};
  config.length_penalty = settings.value("length_penalty", 1.0);
  if (settings.contains("early_stopping")) {
    config.early_stopping = settings["early_stopping"].is_string() ? EarlyStopping::never : EarlyStopping::yes;
  }
  return config;
}

Request request_of(const Json& row) {
  const Json& settings = row["settings"];
  Request request;
  request.prompt = row["prompt"].get<std::vector<int32_t>>();
  request.eos = row["eos"].get<int32_t>();
  request.sampling.max_new_tokens = settings["max_new_tokens"].get<int>();
  request.sampling.min_new_tokens = settings.value("min_new_tokens", 0);
  request.sampling.repetition_penalty = settings.value("repetition_penalty", 1.0);
  request.sampling.no_repeat_ngram_size = settings.value("no_repeat_ngram_size", 0);
  return request;
}

TEST_P(Gpt2GoldenTest, BeamSearchIsThatOfTransformers) {
  Decoder model = decoder();
  const Json rows = decoding("beams");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Request request = request_of(rows[i]);
    const auto hypotheses = model.beam_search({&request, 1}, beams_of(rows[i]["settings"]))[0];
    const Json& expected = rows[i]["hypotheses"];
    ASSERT_EQ(hypotheses.size(), expected.size()) << "case " << i;
    for (size_t h = 0; h < hypotheses.size(); ++h) {
      EXPECT_EQ(hypotheses[h].tokens, expected[h]["tokens"].get<std::vector<int32_t>>()) << "case " << i << " place " << h;
      EXPECT_EQ(hypotheses[h].finished, expected[h]["finished"].get<bool>()) << "case " << i << " place " << h;
      if (!expected[h].contains("score")) continue;  // greedy
      const double score = expected[h]["score"].get<double>();
      EXPECT_NEAR(hypotheses[h].score, score, 2e-5 * std::max(1.0, std::abs(score))) << "case " << i << " place " << h;
    }
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
