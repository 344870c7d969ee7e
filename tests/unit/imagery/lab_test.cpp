#include "imagery/lab.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "imagery/colour_names.h"

namespace vitrine::imagery {
namespace {

Lab lab_of(io::Colour srgb) { return lab_grid(io::blank_picture(1, 1, srgb), 1).at(0, 0); }

// Reference values: CIE L*a*b* of sRGB under D65, as in published tables (rounded to 0.1).
TEST(LabTest, ColoursOfSrgbHaveTheirPublishedValues) {
  struct Row {
    io::Colour srgb;
    Lab lab;
  };
  for (const auto& [srgb, lab] :
       {Row{{255, 255, 255}, {100, 0, 0}}, Row{{0, 0, 0}, {0, 0, 0}},
        Row{{255, 0, 0}, {53.2f, 80.1f, 67.2f}}, Row{{0, 0, 255}, {32.3f, 79.2f, -107.9f}},
        Row{{119, 119, 119}, {50.0f, 0, 0}}}) {
    EXPECT_LT(distance(lab_of(srgb), lab), 0.15f);
  }
}

TEST(LabGridTest, HalvesAreMeansOfTheirPixelsInLinearLight) {
  io::Picture picture = io::blank_picture(4, 2, {0, 0, 0});
  for (size_t i = 0; i < 3; ++i) picture.rgb[i] = 255;
  const LabGrid grid = lab_grid(picture, 2);
  ASSERT_EQ(grid.width, 2);
  ASSERT_EQ(grid.height, 1);
  EXPECT_NEAR(grid.at(0, 0).l, 57.1f, 0.1f);  // a quarter of the light
  EXPECT_NEAR(grid.at(1, 0).l, 0.0f, 0.1f);
}

TEST(LabGridTest, SmallPicturesKeepTheirSizeAndBadOnesAreRefused) {
  EXPECT_EQ(lab_grid(io::blank_picture(3, 5), 96).height, 5);
  EXPECT_EQ(lab_grid(io::blank_picture(1000, 1), 10).height, 1);
  EXPECT_THROW(lab_grid(io::blank_picture(3, 5), 0), InvalidInput);
  EXPECT_THROW(lab_grid({.width = 2, .height = 2, .rgb = {1, 2, 3}}, 96), InvalidInput);
}

TEST(ColourNamesTest, PlainColoursHaveTheirNames) {
  struct Row {
    io::Colour srgb;
    ColourName name;
  };
  const Row rows[] = {{{15, 15, 15}, ColourName::black},    {{250, 250, 250}, ColourName::white},
                      {{128, 128, 128}, ColourName::grey},  {{200, 20, 30}, ColourName::red},
                      {{245, 170, 185}, ColourName::pink},  {{240, 130, 30}, ColourName::orange},
                      {{245, 220, 50}, ColourName::yellow}, {{40, 140, 60}, ColourName::green},
                      {{60, 120, 200}, ColourName::blue},   {{20, 25, 60}, ColourName::navy},
                      {{110, 50, 140}, ColourName::purple}, {{110, 70, 40}, ColourName::brown},
                      {{225, 210, 180}, ColourName::beige}};
  for (const auto& [srgb, name] : rows) {
    const auto fits = name_fits(lab_of(srgb));
    EXPECT_EQ(static_cast<ColourName>(std::max_element(fits.begin(), fits.end()) - fits.begin()), name) << english(name);
  }
}

TEST(ColourNamesTest, FitsAddUpAndABorderColourBelongsToBothNames) {
  const auto fits = name_fits({27, 0, 0});  // between black and grey
  float sum = 0;
  for (const float fit : fits) sum += fit;
  EXPECT_NEAR(sum, 1, 1e-5);
  EXPECT_GT(fits[static_cast<size_t>(ColourName::black)], 0.2f);
  EXPECT_GT(fits[static_cast<size_t>(ColourName::grey)], 0.2f);
}

TEST(ColourNamesTest, WordsOfBothLanguagesNameAColour) {
  EXPECT_EQ(colour_name("深蓝色"), ColourName::navy);
  EXPECT_EQ(colour_name("红"), ColourName::red);
  EXPECT_EQ(colour_name("beige"), ColourName::beige);
  EXPECT_EQ(colour_name("迷彩色"), std::nullopt);
  EXPECT_EQ(colour_name(""), std::nullopt);
}

}  // namespace
}  // namespace vitrine::imagery
