#include "diffusion/picture_noise.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace vitrine::diffusion {
namespace {

TEST(PictureNoiseTest, EachUseOfEachPictureHasItsOwnNoise) {
  const PictureNoise noise(3, 0);
  const std::vector<at::Tensor> draws = {noise.initial({8}),
                                         noise.step({8}, 0),
                                         noise.step({8}, 1),
                                         noise.encoding({8}),
                                         noise.masked_encoding({8}),
                                         PictureNoise(3, 1).initial({8}),
                                         PictureNoise(4, 0).initial({8})};
  for (size_t i = 0; i < draws.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(at::allclose(draws[i], draws[j])) << i << " " << j;
  }
  EXPECT_TRUE(at::equal(PictureNoise(3, 0).step({8}, 1), draws[2]));
}

TEST(PictureNoiseTest, NoiseHasUnitVariance) {
  const at::Tensor values = PictureNoise(1, 0).initial({4, 64, 64});
  EXPECT_NEAR(values.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(values.std().item<double>(), 1, 0.03);
}

}  // namespace
}  // namespace vitrine::diffusion
