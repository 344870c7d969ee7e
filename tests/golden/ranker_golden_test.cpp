// Scores of a tiny ranking model against those of the transformers library in float32.
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "generation/ranker.h"

namespace vitrine::generation {
namespace {

const std::filesystem::path kData =
    std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/ranker_tiny";

void expect_near(const std::string& dtype, double relative) {
  const Json cases = read_json_file(kData / "scores.json")["cases"];
  std::vector<std::vector<int32_t>> texts;
  for (const Json& row : cases) texts.push_back(row["input_ids"].get<std::vector<int32_t>>());
  Ranker ranker = Ranker::load(kData / "model", {.threads = 2, .dtype = dtype});
  const auto scores = ranker.score(texts);
  ASSERT_EQ(scores.size(), cases.size());
  double largest = 0;
  for (const Json& row : cases) largest = std::max(largest, std::abs(row["score"].get<double>()));
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], cases[i]["score"].get<double>(), relative * largest)
        << dtype << ", text " << i << " of " << texts[i].size() << " ids";
  }
}

TEST(RankerGoldenTest, Float32ScoresAreThoseOfTransformers) { expect_near("float32", 1e-5); }
TEST(RankerGoldenTest, Bfloat16ScoresAreNear) { expect_near("bfloat16", 0.05); }
TEST(RankerGoldenTest, Int8ScoresAreNear) { expect_near("int8", 0.1); }

}  // namespace
}  // namespace vitrine::generation
