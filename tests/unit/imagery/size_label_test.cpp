#include "imagery/size_label.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "io/picture_resize.h"

namespace vitrine::imagery {
namespace {

/// A photograph of the clothing set; its shorter side is 128.
io::Picture photograph() {
  const std::filesystem::path folder = VITRINE_SOURCE_DIR "/tests/data/clothing/validation/dress";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  return io::read_picture(*std::min_element(files.begin(), files.end()));
}

int64_t shorter_side(const io::Picture& picture) { return std::min(picture.width, picture.height); }

io::Picture scaled(const io::Picture& picture, double factor) {
  return io::resize(picture, static_cast<int64_t>(factor * static_cast<double>(picture.width)), static_cast<int64_t>(factor * static_cast<double>(picture.height)));
}

/// Every pixel `times` times in rows and columns.
io::Picture repeated(const io::Picture& picture, int64_t times) {
  io::Picture large = io::blank_picture(picture.width * times, picture.height * times);
  for (int64_t y = 0; y < large.height; ++y) {
    for (int64_t x = 0; x < large.width; ++x) {
      std::copy_n(picture.rgb.begin() + ((y / times) * picture.width + x / times) * 3, 3, large.rgb.begin() + (y * large.width + x) * 3);
    }
  }
  return large;
}

/// Pictures beside each other, so that a small photograph becomes a large sharp one.
io::Picture tiled(const io::Picture& picture, int64_t side) {
  io::Picture large = io::blank_picture(side, side);
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      std::copy_n(picture.rgb.begin() + ((y % picture.height) * picture.width + x % picture.width) * 3, 3, large.rgb.begin() + (y * side + x) * 3);
    }
  }
  return large;
}

TEST(SizeLabelTest, APhotographHasItsSideAndItsUpscaledFormsHaveNoMore) {
  const io::Picture picture = photograph();
  const int64_t side = shorter_side(picture);
  EXPECT_EQ(own_side(picture), side);
  EXPECT_LE(own_side(scaled(picture, 2)), side);
  EXPECT_GE(own_side(scaled(picture, 2)), side / 2);  // kernels are soft: a little is lost
  EXPECT_LE(own_side(scaled(picture, 4)), side);
  EXPECT_EQ(own_side(repeated(picture, 2)), side);
  EXPECT_LE(own_side(repeated(picture, 3)), 3 * side / 2);
  EXPECT_EQ(own_side(repeated(picture, 4)), side);
}

TEST(SizeLabelTest, AnUpscaledPictureIsNeverReadyForListing) {
  const io::Picture picture = photograph();
  const double factor = 900.0 / static_cast<double>(shorter_side(picture));
  EXPECT_EQ(size_label(scaled(picture, factor), true), SizeLabel::thumbnail);
  EXPECT_EQ(size_label(repeated(picture, 4), true), SizeLabel::thumbnail);
  EXPECT_EQ(size_label(tiled(picture, 900), true), SizeLabel::listing_ready);
  EXPECT_EQ(size_label(tiled(picture, 799), true), SizeLabel::thumbnail);
}

TEST(SizeLabelTest, ASmallPictureIsAtMostAThumbnail) {
  const io::Picture picture = photograph();
  EXPECT_EQ(size_label(io::cover_crop(picture, 128, 160), true), SizeLabel::thumbnail);
  EXPECT_EQ(size_label(io::cover_crop(picture, 120, 160), true), SizeLabel::concept_picture);
  EXPECT_EQ(most_of_side(128), SizeLabel::thumbnail);
  EXPECT_EQ(most_of_side(127), SizeLabel::concept_picture);
  EXPECT_EQ(most_of_side(799), SizeLabel::thumbnail);
  EXPECT_EQ(most_of_side(800), SizeLabel::listing_ready);
}

TEST(SizeLabelTest, WhatWasBlownUpFromALittlePictureIsAConcept) {
  const io::Picture little = io::cover_crop(photograph(), 40, 50);
  EXPECT_EQ(size_label(scaled(little, 4), true), SizeLabel::concept_picture);
}

TEST(SizeLabelTest, ARefusedPictureIsAConceptWhateverItsSize) {
  EXPECT_EQ(size_label(tiled(photograph(), 900), false), SizeLabel::concept_picture);
}

TEST(SizeLabelTest, APictureOfOneColourIsMeasuredToo) {
  EXPECT_EQ(own_side(io::blank_picture(900, 900)), 900);  // nothing to tell: the inspection finds it blank
  EXPECT_EQ(own_side(io::blank_picture(3, 1)), 1);
  EXPECT_THROW(own_side({.width = 4, .height = 4, .rgb = {}}), InvalidInput);
}

TEST(SizeLabelTest, NamesGoBothWays) {
  for (const SizeLabel label : kSizeLabels) EXPECT_EQ(size_label_named(english(label)), label);
  EXPECT_EQ(chinese(SizeLabel::listing_ready), "可上架");
  EXPECT_EQ(size_label_named("final"), std::nullopt);
}

}  // namespace
}  // namespace vitrine::imagery
