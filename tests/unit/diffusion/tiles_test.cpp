#include "diffusion/tiles.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "unit/diffusion/fake_models.h"

namespace vitrine::diffusion {
namespace {

at::Tensor doubled(const at::Tensor& x) {
  return x.repeat_interleave(2, 2).repeat_interleave(2, 3);
}

TEST(TilesTest, AFunctionOfSinglePixelsIsTheSameInTilesOfAnySize) {
  const at::Tensor x = at::randn({2, 3, 21, 37});
  for (const int64_t tile : {4, 8, 12, 40}) {
    EXPECT_TRUE(at::allclose(tiled(x, tile, 2 * tile, doubled), doubled(x), 0, 1e-6)) << tile;
  }
}

TEST(TilesTest, ASeamFadesFromOneTileIntoTheNext) {
  // Each tile is painted in the number of its turn.
  float turn = -1;
  const at::Tensor found = tiled(at::zeros({1, 1, 4, 8}), 4, 8, [&](const at::Tensor& part) {
    turn += 1;
    return at::full({1, 1, 2 * part.size(2), 2 * part.size(3)}, turn);
  });
  const std::vector<float> expected = {0, 0, 0, 0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1, 1.5, 2, 2};
  // Tiles begin at 0, 3 and 6 of the 8 columns; two columns of the result fade.
  const at::Tensor row = found[0][0][0];
  ASSERT_EQ(row.size(0), 16);
  EXPECT_TRUE(at::allclose(row, at::tensor(expected), 0, 1e-6)) << row;
}

TEST(TilesTest, PicturesThatFitAreNotTiled) {
  FakeModels models;
  models.shape.tile_size = 64;
  const at::Tensor small = at::randn({1, 4, 8, 8}), large = at::randn({1, 4, 12, 8});
  EXPECT_TRUE(at::equal(decode_latents(models, small, true), models.decode(small)));
  EXPECT_TRUE(at::allclose(decode_latents(models, large, true), models.decode(large), 0, 1e-6));
}

TEST(TilesTest, EncodingInTilesGivesMeanAndVariance) {
  FakeModels models;
  models.shape.tile_size = 32;
  models.deviation = 0.5;
  const at::Tensor pictures = at::randn({1, 3, 64, 48});
  const auto whole = models.encode(pictures), parts = encode_pictures(models, pictures, true);
  EXPECT_TRUE(at::allclose(parts.mean, whole.mean, 0, 1e-6));
  EXPECT_TRUE(at::allclose(parts.logvar, whole.logvar, 0, 1e-6));
}

TEST(TilesTest, SidesThatCannotBeQuarteredAreRefused) {
  EXPECT_THROW(tiled(at::zeros({1, 1, 4, 4}), 6, 12, doubled), InvalidInput);
}

}  // namespace
}  // namespace vitrine::diffusion
