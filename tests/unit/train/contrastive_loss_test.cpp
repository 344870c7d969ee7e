#include "train/contrastive_loss.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <unordered_map>

#include "base/error.h"
#include "models/clip/forward.h"
#include "models/clip/module.h"

namespace vitrine::train {
namespace {

double nll(double own, double other) { return std::log(1 + std::exp(other - own)); }

at::Tensor rows(std::vector<float> values, int64_t width) { return at::tensor(values).view({-1, width}); }

TEST(ContrastiveLossTest, IsTheMeanOfBothDirections) {
  // Cosines: picture 0 with the texts 1 and 0.6, picture 1 with them 0 and 0.8.
  const at::Tensor pictures = rows({2, 0, 0, 3}, 2), texts = rows({5, 0, 3, 4}, 2);
  const double of_pictures = (nll(1, 0.6) + nll(0.8, 0)) / 2, of_texts = (nll(1, 0) + nll(0.8, 0.6)) / 2;
  const at::Tensor loss = contrastive_loss(pictures, texts, at::zeros({}));
  EXPECT_NEAR(loss.item<double>(), (of_pictures + of_texts) / 2, 1e-6);
  const at::Tensor sharper = contrastive_loss(pictures, texts, at::full({}, std::log(10.0)));
  const double of_pictures_10 = (nll(10, 6) + nll(8, 0)) / 2, of_texts_10 = (nll(10, 0) + nll(8, 6)) / 2;
  EXPECT_NEAR(sharper.item<double>(), (of_pictures_10 + of_texts_10) / 2, 1e-6);
}

TEST(ContrastiveLossTest, ALogitScaleBehindTheLimitCountsAsTheLimitAndIsTakenBack) {
  const at::Tensor pictures = rows({1, 0, 0, 1}, 2), texts = rows({1, 0.2f, 1, 1}, 2);
  at::Tensor scale = at::full({}, 7.0);
  EXPECT_EQ(contrastive_loss(pictures, texts, scale).item<float>(), contrastive_loss(pictures, texts, at::full({}, kMaxLogitScale)).item<float>());
  clamp_logit_scale(scale);
  EXPECT_NEAR(scale.exp().item<double>(), 100, 1e-3);
}

TEST(ContrastiveLossTest, EqualCaptionsAreRightAnswersToEachOther) {
  // Three equal texts: every direction of group 0 has the share 1/2 on each of its two.
  const at::Tensor pictures = rows({1, 0, 1, 0, 0, 1}, 2), texts = rows({1, 0, 1, 0, 0, 1}, 2);
  const at::Tensor groups = at::tensor({0, 0, 1}, at::kLong);
  const double of_group = -std::log(std::exp(1) / (2 * std::exp(1) + 1)), of_single = -std::log(std::exp(1) / (std::exp(1) + 2));
  EXPECT_NEAR(contrastive_loss(pictures, texts, at::zeros({}), groups).item<double>(), (2 * of_group + of_single) / 3, 1e-6);
  const at::Tensor apart = at::tensor({4, 5, 6}, at::kLong);
  EXPECT_EQ(contrastive_loss(pictures, texts, at::zeros({}), apart).item<float>(), contrastive_loss(pictures, texts, at::zeros({})).item<float>());
}

TEST(ContrastiveLossTest, ShapesThatDoNotFitAreRefused) {
  EXPECT_THROW(contrastive_loss(at::ones({2, 3}), at::ones({3, 3}), at::zeros({})), InvalidInput);
  EXPECT_THROW(contrastive_loss(at::ones({2, 3}), at::ones({2, 3}), at::zeros({2})), InvalidInput);
  EXPECT_THROW(contrastive_loss(at::ones({2, 3}), at::ones({2, 3}), at::zeros({}), at::zeros({3}, at::kLong)), InvalidInput);
}

/// A tiny model whose gradient is compared with differences of its loss in float64.
class ContrastiveGradientTest : public ::testing::TestWithParam<bool> {
 protected:
  static models::ClipConfig config() {
    models::ClipConfig config;
    config.projection_dim = 5;
    if (GetParam()) {
      config.text = models::BertConfig{.vocab_size = 12, .hidden_size = 8, .num_hidden_layers = 1, .num_attention_heads = 2, .intermediate_size = 10,
                                       .max_position_embeddings = 6, .id2label = {"O"}};
    } else {
      config.text = models::ClipTextConfig{.vocab_size = 12, .hidden_size = 8, .intermediate_size = 10, .num_hidden_layers = 1, .num_attention_heads = 2,
                                           .max_position_embeddings = 6, .bos_token_id = 10, .eos_token_id = 11};
    }
    config.vision = {.hidden_size = 9, .intermediate_size = 10, .num_hidden_layers = 1, .num_attention_heads = 3, .image_size = 4, .patch_size = 2};
    return config;
  }

  at::Tensor loss_of(const nn::TensorSource& source, at::ScalarType dtype) const {
    const nn::TensorScope scope(source);
    return contrastive_loss(models::clip_image_features(config_, scope, pixels_.to(dtype)), models::clip_text_features(config_, scope, ids_, is_token_),
                            source.get("logit_scale"));
  }

  models::ClipConfig config_ = config();
  at::Tensor ids_ = at::tensor({10, 1, 2, 11, 0, 0, 10, 5, 3, 4, 7, 11, 10, 11, 0, 0, 0, 0}, at::kLong).view({3, 6});
  at::Tensor is_token_ = at::tensor({1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, at::kLong).view({3, 6}).to(at::kBool);
  at::Tensor pixels_ = at::arange(3 * 3 * 4 * 4, at::kDouble).view({3, 3, 4, 4}).sin();
};

TEST_P(ContrastiveGradientTest, IsTheDifferenceOfTheLossAlongEachParameter) {
  const auto model = models::ClipModel::random(config_, RandomKey(7), {.trained = true});
  loss_of(model.tensors().source(), at::kFloat).backward();
  std::unordered_map<std::string, at::Tensor> wide;
  for (const auto& spec : model.tensors().specs()) wide[spec.name] = model.tensors().value(spec.name).to(at::kDouble);
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  for (const auto& spec : model.tensors().specs()) {
    const at::Tensor start = wide[spec.name];
    const at::Tensor direction = at::arange(start.numel(), at::kDouble).mul_(0.7).add_(0.3).cos_().view_as(start);
    const auto loss_at = [&](double step) {
      wide[spec.name] = start + step * direction;
      return loss_of(nn::FrozenTensors(wide), at::kDouble).item<double>();
    };
    const double difference = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
    wide[spec.name] = start;
    const double slope = (model.tensors().parameters().gradient(spec.name).to(at::kDouble) * direction).sum().item<double>();
    EXPECT_NEAR(slope, difference, 1e-5 + 1e-3 * std::abs(difference)) << spec.name;
  }
}

INSTANTIATE_TEST_SUITE_P(TextSides, ContrastiveGradientTest, ::testing::Values(false, true));

}  // namespace
}  // namespace vitrine::train
