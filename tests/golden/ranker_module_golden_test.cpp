// Scores of the ranking model's training module against those of the transformers library in
// float32, and the directory that it saves against the one that transformers has read
// (tools/golden/ranker_saved.py).
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "generation/ranker.h"
#include "models/ranker/module.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;
const fs::path kData = fs::path(VITRINE_SOURCE_DIR) / "tests/data/ranker_tiny";
constexpr int32_t kPad = 0;

struct Cases {
  std::vector<std::vector<int32_t>> texts;
  std::vector<double> scores;
  double largest = 0;
};

/// Without padding at the end, which packed documents never hold.
Cases read_cases(const fs::path& path) {
  Cases cases;
  for (const Json& row : read_json_file(path)["cases"]) {
    auto ids = row["input_ids"].get<std::vector<int32_t>>();
    while (!ids.empty() && ids.back() == kPad) ids.pop_back();
    if (ids.empty()) continue;
    cases.texts.push_back(std::move(ids));
    cases.scores.push_back(row["score"].get<double>());
    cases.largest = std::max(cases.largest, std::abs(cases.scores.back()));
  }
  return cases;
}

void expect_scores(Ranker& ranker, const Cases& cases, bool plain) {
  nn::PackedBatch batch;
  for (const auto& ids : cases.texts) batch.add(ids, 1);
  const auto scores = ranker.scores(batch, {.dtype = ComputeType::float32, .plain = plain});
  ASSERT_EQ(scores.size(), cases.scores.size());
  for (size_t i = 0; i < scores.size(); ++i)
    EXPECT_NEAR(scores[i], cases.scores[i], 1e-5 * cases.largest)
        << (plain ? "plain " : "fused ") << i;
}

TEST(RankerModuleGoldenTest, ScoresAreThoseOfTransformers) {
  Ranker ranker = Ranker::load(kData / "model", nullptr);
  for (const bool plain : {false, true})
    expect_scores(ranker, read_cases(kData / "scores.json"), plain);
}

/// The first layer of the model as a model of its own. $VITRINE_GOLDEN_OUT: the fixture is written
/// anew.
TEST(RankerModuleGoldenTest, TheDirectoryThatTransformersReadIsTheOneThatIsSaved) {
  const char* out = std::getenv("VITRINE_GOLDEN_OUT");
  const fs::path dir = out != nullptr ? fs::path(out)
                                      : fs::temp_directory_path() /
                                            ("vitrine_ranker_golden_" + std::to_string(::getpid()));
  Ranker::load(kData / "model", nullptr, 1).save(dir, ComputeType::float32, {{"format", "pt"}});
  for (const char* name : {"config.json", "model.safetensors"}) {
    EXPECT_TRUE(read_file(dir / name) == read_file(kData / "saved" / name)) << name;
  }
  if (out == nullptr) fs::remove_all(dir);
}

TEST(RankerModuleGoldenTest, TransformersScoresOfASavedDirectoryAreOurs) {
  const Cases cases = read_cases(kData / "saved_scores.json");
  Ranker ranker = Ranker::load(kData / "saved", nullptr);
  EXPECT_EQ(ranker.config().n_layer, 1);
  for (const bool plain : {false, true}) expect_scores(ranker, cases, plain);
  const auto engine = generation::Ranker::load(kData / "saved", {.threads = 1}).score(cases.texts);
  for (size_t i = 0; i < engine.size(); ++i)
    EXPECT_NEAR(engine[i], cases.scores[i], 1e-5 * cases.largest) << i;
}

}  // namespace
}  // namespace vitrine::models
