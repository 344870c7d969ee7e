#include "imagery/picture_detail.h"

#include <gtest/gtest.h>

namespace vitrine::imagery {
namespace {

TEST(PictureDetailTest, OneColourHasNeitherSpreadNorDetail) {
  const auto detail = measure_detail(lab_grid(io::blank_picture(40, 30, {12, 200, 99}), 256));
  EXPECT_NEAR(detail.spread, 0, 1e-3);
  EXPECT_NEAR(detail.detail, 0, 1e-4);
}

TEST(PictureDetailTest, ASlopeHasSpreadButNoDetail) {
  io::Picture picture = io::blank_picture(100, 20);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = static_cast<uint8_t>(100 + i / 3 % 100);
  const auto detail = measure_detail(lab_grid(picture, 256));
  EXPECT_GT(detail.spread, 5);
  EXPECT_LT(detail.detail, 0.2);
}

TEST(PictureDetailTest, AChessBoardHasBoth) {
  io::Picture picture = io::blank_picture(64, 64);
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = (i / 3 % 64 + i / 3 / 64) % 2 == 0 ? 0 : 255;
  const auto detail = measure_detail(lab_grid(picture, 256));
  EXPECT_NEAR(detail.spread, 50, 0.5);
  EXPECT_NEAR(detail.detail, 100, 0.5);
}

TEST(PictureDetailTest, PicturesWithoutInsideHaveNoDetail) {
  EXPECT_EQ(measure_detail(lab_grid(io::blank_picture(2, 2), 256)).detail, 0);
  EXPECT_EQ(measure_detail({}).spread, 0);
}

}  // namespace
}  // namespace vitrine::imagery
