// Scores and logits of the training module against those of the transformers library in float32.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "models/gpt2/module.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/gpt2_tiny";

class Gpt2ModuleGoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  Json scores() const { return read_json_file(kData / concat(GetParam(), ".json"))["scores"]; }
  static nn::PackedBatch batch_of(const Json& row) {
    nn::PackedBatch batch;
    batch.add(row["input_ids"].get<std::vector<int32_t>>(), row["labels_from"].get<int32_t>());
    return batch;
  }
  Gpt2 model_ = Gpt2::load(kData / GetParam());
  PassConfig pass_{.dtype = ComputeType::float32};
};

TEST_P(Gpt2ModuleGoldenTest, ScoresAreThoseOfTransformers) {
  for (const Json& row : scores()) {
    const double expected = row["logprob"].get<double>();
    EXPECT_NEAR(-model_.document_nll(batch_of(row), pass_)[0], expected, 1e-5 * std::abs(expected));
  }
}

TEST_P(Gpt2ModuleGoldenTest, LogitsAreThoseOfTransformers) {
  for (const Json& row : scores()) {
    const auto expected = row["logits_last"].get<std::vector<float>>();
    const at::Tensor logits = model_.logits(batch_of(row), pass_)[-1].contiguous();
    ASSERT_EQ(logits.numel(), static_cast<int64_t>(expected.size()));
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(logits.const_data_ptr<float>()[i], expected[i], 5e-5) << i;
  }
}

TEST_P(Gpt2ModuleGoldenTest, PackedDocumentsScoreAsAlone) {
  nn::PackedBatch packed;
  std::vector<double> expected;
  for (const Json& row : scores()) {
    packed.add(row["input_ids"].get<std::vector<int32_t>>(), row["labels_from"].get<int32_t>());
    expected.push_back(-row["logprob"].get<double>());
  }
  const auto nll = model_.document_nll(packed, pass_);
  ASSERT_EQ(nll.size(), expected.size());
  for (size_t d = 0; d < nll.size(); ++d) EXPECT_NEAR(nll[d], expected[d], 1e-5 * expected[d]);
}

INSTANTIATE_TEST_SUITE_P(Models, Gpt2ModuleGoldenTest, ::testing::Values("tied", "untied"));

}  // namespace
}  // namespace vitrine::models
