#include "models/picture_flops.h"

#include <gtest/gtest.h>

namespace vitrine::models {
namespace {

// Counted layer by layer for Stable Diffusion 1.5 (GFLOP, rounded).
TEST(PictureFlopsTest, CountsAStepOfStableDiffusion15) {
  EXPECT_NEAR(unet_flops({}, 1, 64, 64, 77) / 1e9, 803, 1);
  EXPECT_NEAR(unet_flops({}, 4, 32, 32, 77) / 1e9, 720, 1);
}

TEST(PictureFlopsTest, CountsTheDecoderAlone) { EXPECT_NEAR(vae_decode_flops({}, 1, 64, 64) / 1e9, 2515, 1); }

TEST(PictureFlopsTest, CountsTheTextEncoder) {
  ClipTextConfig config;
  config.hidden_size = 768, config.intermediate_size = 3072;
  const double linear = 2.0 * 77 * 12 * (4.0 * 768 * 768 + 2.0 * 768 * 3072), attention = 12 * 4.0 * 77 * 77 * 768;
  EXPECT_DOUBLE_EQ(text_flops(config, 2, 77), 2 * (linear + attention));
}

}  // namespace
}  // namespace vitrine::models
