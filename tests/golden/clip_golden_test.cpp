// CLIP, Chinese-CLIP and text encoders in every layout of their files against the transformers library in float32.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "models/clip/forward.h"
#include "models/clip/module.h"
#include "models/text_encoder.h"
#include "support/near.h"

namespace vitrine::models {
namespace {

constexpr double kTolerance = 1e-5;  // of the largest value

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/clip_tiny";

at::Tensor rows_of(const Json& rows) {
  std::vector<int64_t> flat;
  for (const Json& row : rows) {
    for (const Json& id : row) flat.push_back(id.get<int64_t>());
  }
  return at::tensor(flat, at::kLong).view({static_cast<int64_t>(rows.size()), -1});
}

struct Layout {
  const char* folder;
  const char* record;
};
void PrintTo(const Layout& layout, std::ostream* out) { *out << layout.folder; }
std::string folder_name(const ::testing::TestParamInfo<Layout>& info) { return info.param.folder; }

class ClipGoldenTest : public ::testing::TestWithParam<Layout> {
 protected:
  Json record_ = read_json_file(kData / concat(GetParam().record, ".json"));
  ClipModel model_ = ClipModel::load(kData / GetParam().folder);
  at::Tensor input_ids_ = rows_of(record_["input_ids"]);
  at::Tensor is_token_ = rows_of(record_["is_token"]).to(at::kBool);

  at::Tensor pixels() const {
    const int64_t side = model_.config().vision.image_size;
    return at::tensor(record_["pixels"].get<std::vector<float>>()).view({-1, 3, side, side});
  }
  at::Tensor states(const at::Tensor& is_token) const {
    return text_states(model_.config().text, nn::TensorScope(model_.tensors().source(), "text_model."), input_ids_, is_token);
  }
};

TEST_P(ClipGoldenTest, TextStatesAreThoseOfTransformers) {
  test::expect_near(states({}), record_["states"], kTolerance);
  test::expect_near(states(is_token_).index({is_token_}), record_["masked_states"], kTolerance);
}

TEST_P(ClipGoldenTest, TextFeaturesAreThoseOfTransformers) {
  test::expect_near(model_.text_features(input_ids_), record_["text_features"], kTolerance);
  test::expect_near(model_.text_features(input_ids_, is_token_), record_["masked_text_features"], kTolerance);
}

TEST_P(ClipGoldenTest, PictureFeaturesAreThoseOfTransformers) {
  test::expect_near(model_.image_features(pixels()), record_["image_features"], kTolerance);
  EXPECT_NEAR(model_.logit_scale().item<double>(), record_["logit_scale"].get<double>(), 1e-6);
}

TEST_P(ClipGoldenTest, AModelInTrainingGivesTheSameAndBfloat16NearlySo) {
  const ClipModel trained = ClipModel::load(kData / GetParam().folder, {.trained = true});
  test::expect_near(trained.image_features(pixels()), record_["image_features"], kTolerance);
  const ClipModel rounded = ClipModel::load(kData / GetParam().folder, {.dtype = at::kBFloat16});
  const at::Tensor features = rounded.text_features(input_ids_);
  EXPECT_EQ(features.scalar_type(), at::kBFloat16);
  test::expect_near(features, record_["text_features"], 0.1);
}

INSTANTIATE_TEST_SUITE_P(Layouts, ClipGoldenTest,
                         ::testing::Values(Layout{"clip", "clip"}, Layout{"clip_original", "clip"}, Layout{"clip_gelu", "clip_gelu"},
                                           Layout{"chinese", "chinese"}, Layout{"chinese_original", "chinese"}),
                         folder_name);

class TextEncoderGoldenTest : public ::testing::TestWithParam<Layout> {
 protected:
  Json record_ = read_json_file(kData / concat(GetParam().record, ".json"));
  at::Tensor input_ids_ = rows_of(record_["input_ids"]);
};

TEST_P(TextEncoderGoldenTest, StatesAreThoseOfTransformersFrozenAndTrained) {
  for (const bool trained : {false, true}) {
    const TextEncoder encoder = TextEncoder::load(kData / GetParam().folder, {.trained = trained});
    const at::Tensor states = encoder.states(input_ids_);
    EXPECT_EQ(states.sizes(), at::IntArrayRef({input_ids_.size(0), input_ids_.size(1), encoder.width()}));
    EXPECT_EQ(states.requires_grad(), trained);
    test::expect_near(states, record_["states"], kTolerance);
  }
}

TEST_P(TextEncoderGoldenTest, ASkippedLayerLeavesTheStatesBeforeIt) {
  const TextEncoder encoder = TextEncoder::load(kData / GetParam().folder);
  if (record_.contains("skip_1")) test::expect_near(encoder.states(input_ids_, {.skip_layers = 1}), record_["skip_1"], kTolerance);
}

INSTANTIATE_TEST_SUITE_P(Layouts, TextEncoderGoldenTest,
                         ::testing::Values(Layout{"text_clip", "text_clip"}, Layout{"text_clip_old", "text_clip"},
                                           Layout{"text_bert", "text_bert"}, Layout{"clip", "clip"}, Layout{"chinese_original", "chinese"}),
                         folder_name);

}  // namespace
}  // namespace vitrine::models
