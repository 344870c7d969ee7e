// The head that a text encoder learns with beside a CLIP.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "io/checkpoint.h"
#include "models/clip/module.h"
#include "models/text_encoder.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

const std::filesystem::path kData = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/clip_tiny";

TEST(TextHeadTest, AHeadGivesTheFeaturesOfItsClipAndIsNotSavedWithTheEncoder) {
  const test::TemporaryDirectory dir;
  for (const char* source : {"clip", "chinese"}) {
    const ClipModel clip = ClipModel::load(kData / source);
    const TextConfig config = read_text_config(kData / source);
    TextEncoder encoder(config, load_text_weights(kData / source, config), {.trained = true}, {}, {.projection_dim = clip.config().projection_dim, .logit_scale = 1.5});
    EXPECT_EQ(encoder.logit_scale().item<double>(), 1.5);
    encoder.projection().copy_(clip.tensors().value(TextEncoder::kTextProjection));
    encoder.tensors().weights_changed();
    const at::Tensor ids = at::tensor({38, 3, 39, 38, 5, 39}, at::kLong).view({2, -1});
    EXPECT_TRUE(at::allclose(encoder.caption_features(ids), clip.text_features(ids), 1e-5, 1e-6)) << source;
    encoder.save(dir.path(), ComputeType::float32, {});
    EXPECT_EQ(TextEncoder::load(dir.path()).tensors().specs().size(), encoder.tensors().specs().size() - 2) << source;
    EXPECT_EQ(io::open_checkpoint(dir.path()).find(TextEncoder::kTextProjection), nullptr) << source;
  }
}

/// The gradient of a head and its encoder along a direction is the difference of the loss.
TEST(TextHeadTest, TheGradientOfAHeadIsTheDifferenceOfItsFeatures) {
  const TextConfig config = read_text_config(kData / "clip");
  TextEncoder encoder(config, load_text_weights(kData / "clip", config), {.trained = true}, {}, {.projection_dim = 3});
  nn::ParameterStore& parameters = encoder.tensors().parameters();
  encoder.projection().copy_(at::arange(3 * encoder.width(), at::kFloat).view({3, -1}).sin());
  encoder.tensors().weights_changed();
  const at::Tensor ids = at::tensor({38, 3, 39, 38, 5, 39}, at::kLong).view({2, -1});
  const auto loss = [&] { return (encoder.caption_features(ids) * at::arange(6, at::kFloat).view({2, 3}).cos()).sum(); };
  loss().backward();
  for (const char* name : {TextEncoder::kTextProjection, "text_model.final_layer_norm.weight", "text_model.encoder.layers.0.mlp.fc1.weight"}) {
    const at::NoGradGuard no_grad;
    at::Tensor value = parameters.value(name).detach();
    const at::Tensor start = value.clone(), direction = at::arange(value.numel(), at::kFloat).mul_(0.7).cos_().view_as(value);
    const auto loss_at = [&](double step) {
      value.copy_(start + step * direction);
      encoder.tensors().weights_changed();
      return loss().item<double>();
    };
    constexpr double kStep = 1e-2;
    const double difference = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
    loss_at(0);
    const double slope = (parameters.gradient(name) * direction).sum().item<double>();
    EXPECT_NEAR(slope, difference, 1e-3 + 5e-3 * std::abs(difference)) << name;
  }
}

}  // namespace
}  // namespace vitrine::models
