#include "diffusion/memory_estimate.h"

#include <gtest/gtest.h>

namespace vitrine::diffusion {
namespace {

/// Stable Diffusion 1.5.
MemoryEstimate estimated(const MemoryShapes& shapes) { return estimate_memory({}, {}, shapes); }

TEST(MemoryEstimateTest, WeightsStandBesideTheLargerOfTheTwoNetworks) {
  const MemoryEstimate estimate = estimated({.weight_bytes = int64_t{3} << 30});
  EXPECT_EQ(estimate.weights_mib, 3072);
  EXPECT_EQ(estimate.peak_mib(), 3072 + std::max(estimate.unet_mib, estimate.vae_mib));
}

TEST(MemoryEstimateTest, MemoryGrowsWithPixelsPicturesAndGuidance) {
  const MemoryEstimate one = estimated({});
  EXPECT_NEAR(estimated({.width = 1024, .height = 1024}).vae_mib / one.vae_mib, 4, 1e-9);
  EXPECT_NEAR(estimated({.num_pictures = 4}).unet_mib / one.unet_mib, 4, 1e-9);
  EXPECT_NEAR(one.unet_mib / estimated({.guides = false}).unet_mib, 2, 1e-9);
  EXPECT_NEAR(one.unet_mib / estimated({.bytes_per_value = 2}).unet_mib, 2, 1e-9);
}

TEST(MemoryEstimateTest, TilesKeepTheDecoderAtTheSizeOfOne) {
  const MemoryEstimate one = estimated({});
  EXPECT_EQ(estimated({.width = 2048, .height = 2048, .vae_tiling = true}).vae_mib, one.vae_mib);
  EXPECT_EQ(estimated({.width = 256, .height = 256, .vae_tiling = true}).vae_mib,
            estimated({.width = 256, .height = 256}).vae_mib);
}

}  // namespace
}  // namespace vitrine::diffusion
