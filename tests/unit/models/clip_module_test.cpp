#include "models/clip/module.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/text_encoder.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/clip_tiny";

ClipConfig tiny() {
  ClipConfig config;
  config.projection_dim = 6;
  config.text = ClipTextConfig{.vocab_size = 20, .hidden_size = 8, .intermediate_size = 12, .num_hidden_layers = 2, .num_attention_heads = 2,
                               .max_position_embeddings = 7, .bos_token_id = 18, .eos_token_id = 19};
  config.vision = {.hidden_size = 12, .intermediate_size = 16, .num_hidden_layers = 1, .num_attention_heads = 3, .image_size = 8, .patch_size = 4};
  return config;
}

void expect_equal(const ModelTensors& a, const ModelTensors& b) {
  ASSERT_EQ(a.specs().size(), b.specs().size());
  for (const WeightSpec& spec : a.specs()) EXPECT_TRUE(at::equal(a.value(spec.name).to(at::kFloat), b.value(spec.name).to(at::kFloat))) << spec.name;
}

TEST(ClipModelTest, WhatIsSavedIsLoadedEqual) {
  const test::TemporaryDirectory dir;
  for (const char* source : {"clip_original", "chinese_original", "clip_gelu"}) {
    const ClipModel model = ClipModel::load(kData / source);
    model.save(dir.path(), ComputeType::float32, {{"licence", "test"}});
    expect_equal(ClipModel::load(dir.path(), {.trained = true}).tensors(), model.tensors());
  }
}

TEST(ClipModelTest, Bfloat16IsSavedWithItsLogitScaleInFull) {
  const test::TemporaryDirectory dir;
  const ClipModel model = ClipModel::load(kData / "clip");
  model.save(dir.path(), ComputeType::bfloat16, {});
  const ClipModel rounded = ClipModel::load(dir.path(), {.dtype = at::kBFloat16});
  EXPECT_EQ(rounded.logit_scale().item<float>(), model.logit_scale().item<float>());
  expect_equal(rounded.tensors(), ClipModel::load(kData / "clip", {.dtype = at::kBFloat16}).tensors());
}

TEST(ClipModelTest, ARandomModelDependsOnItsKeyAlone) {
  const ClipModel one = ClipModel::random(tiny(), RandomKey(1), {}), same = ClipModel::random(tiny(), RandomKey(1), {.trained = true});
  const ClipModel other = ClipModel::random(tiny(), RandomKey(2), {});
  expect_equal(one.tensors(), same.tensors());
  EXPECT_NEAR(one.logit_scale().item<double>(), 2.6592, 1e-6);
  const std::string matrix = "text_model.encoder.layers.0.mlp.fc1.weight";
  EXPECT_FALSE(at::equal(one.tensors().value(matrix), other.tensors().value(matrix)));
  EXPECT_TRUE(one.tensors().value("vision_model.post_layernorm.weight").eq(1).all().item<bool>());
}

TEST(ClipModelTest, TheEndIsTheFirstEosOrTheHighestIdInOlderFiles) {
  auto config = tiny();
  const at::Tensor ids = at::tensor({18, 3, 19, 5, 19, 19, 19}, at::kLong).view({1, -1});
  const auto first = ClipModel::random(config, RandomKey(1), {}).text_features(ids);
  std::get<ClipTextConfig>(config.text).eos_token_id = 2;
  EXPECT_TRUE(at::equal(ClipModel::random(config, RandomKey(1), {}).text_features(ids), first));
  std::get<ClipTextConfig>(config.text).eos_token_id = 5;
  EXPECT_FALSE(at::allclose(ClipModel::random(config, RandomKey(1), {}).text_features(ids), first));
}

TEST(ClipModelTest, ShapesThatDoNotFitAreRefused) {
  const ClipModel model = ClipModel::random(tiny(), RandomKey(1), {});
  EXPECT_THROW(model.text_features(at::zeros({1, 8}, at::kLong)), InvalidInput);
  EXPECT_THROW(model.text_features(at::zeros({1, 7}, at::kInt)), InvalidInput);
  EXPECT_THROW(model.image_features(at::zeros({1, 3, 8, 12})), InvalidInput);
  EXPECT_THROW(model.tensors().parameters(), InvalidInput);
}

TEST(TextEncoderTest, WhatIsSavedIsLoadedEqual) {
  const test::TemporaryDirectory dir;
  for (const char* source : {"text_clip", "text_clip_old", "text_bert", "chinese"}) {
    const TextEncoder encoder = TextEncoder::load(kData / source);
    encoder.save(dir.path(), ComputeType::float32, {});
    expect_equal(TextEncoder::load(dir.path(), {.trained = true}).tensors(), encoder.tensors());
  }
}

TEST(TextEncoderTest, NewTokensAreTheMeanOfTheirPiecesAndOldOnesStay) {
  const TextEncoder before = TextEncoder::load(kData / "clip");
  const TextEncoder after = TextEncoder::load(kData / "clip", {.trained = true}, {.pieces = {{3, 4}, {}}, .key = RandomKey(1)});
  EXPECT_EQ(after.vocab_size(), before.vocab_size() + 2);
  const at::Tensor old_rows = before.tensors().value("text_model.embeddings.token_embedding.weight");
  const at::Tensor rows = after.tensors().value("text_model.embeddings.token_embedding.weight");
  EXPECT_TRUE(at::equal(rows.narrow(0, 0, old_rows.size(0)), old_rows));
  EXPECT_TRUE(at::allclose(rows[old_rows.size(0)], (old_rows[3] + old_rows[4]) / 2));
  const at::Tensor ids = at::tensor({38, 7, 39}, at::kLong).view({1, -1});
  EXPECT_TRUE(at::allclose(after.states(ids), before.states(ids)));
}

TEST(TextEncoderTest, AnOldConfigWithNewTokensSaysWhereTextsEnd) {
  const ClipModel before = ClipModel::load(kData / "clip");
  const ClipModel after = ClipModel::load(kData / "clip", {}, {.pieces = {{1}, {2}}});
  EXPECT_EQ(std::get<ClipTextConfig>(after.config().text).eos_token_id, 39);
  EXPECT_EQ(std::get<ClipTextConfig>(after.config().text).bos_token_id, 38);
  const at::Tensor ids = at::tensor({38, 7, 39}, at::kLong).view({1, -1});
  EXPECT_TRUE(at::equal(after.text_features(ids), before.text_features(ids)));
  const at::Tensor with_new = at::tensor({38, 41, 39}, at::kLong).view({1, -1}), with_piece = at::tensor({38, 2, 39}, at::kLong).view({1, -1});
  EXPECT_TRUE(at::allclose(after.text_features(with_new), before.text_features(with_piece)));
}

TEST(TextEncoderTest, AnotherSourceOfTensorsTakesThePlaceOfItsOwn) {
  const TextEncoder one = TextEncoder::random(tiny().text, RandomKey(1), {}), two = TextEncoder::random(tiny().text, RandomKey(2), {});
  const at::Tensor ids = at::tensor({18, 3, 19}, at::kLong).view({1, -1});
  EXPECT_TRUE(at::equal(one.states(ids, {.source = &two.tensors().source()}), two.states(ids)));
}

TEST(TextEncoderTest, GradientsReachEveryParameterInBothKinds) {
  for (const char* source : {"text_clip", "text_bert"}) {
    TextEncoder encoder = TextEncoder::load(kData / source, {.trained = true});
    const at::Tensor ids = at::tensor({38, 3, 39, 1, 5, 6, 7, 8, 9, 10, 11, 12}, at::kLong).view({1, -1});
    const at::Tensor states = encoder.states(ids);
    (states * at::arange(states.numel(), at::kFloat).view_as(states).sin()).sum().backward();
    for (const nn::ParameterSpec& spec : encoder.tensors().parameters().specs()) {
      if (spec.name.ends_with("k_proj.bias") || spec.name.ends_with("key.bias")) continue;  // softmax does not see them
      EXPECT_GT(encoder.tensors().parameters().gradient(spec.name).abs().sum().item<float>(), 0) << spec.name;
    }
  }
}

}  // namespace
}  // namespace vitrine::models
