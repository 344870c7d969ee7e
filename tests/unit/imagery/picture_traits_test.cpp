#include "imagery/picture_traits.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "base/error.h"
#include "imagery/garment_mask.h"

namespace vitrine::imagery {
namespace {

/// A `garment` rectangle in the middle of a `background` of 60 x 80.
template <typename Paint>
io::Picture garment_on(io::Colour background, Paint garment) {
  io::Picture picture = io::blank_picture(60, 80, background);
  for (int64_t y = 16; y < 64; ++y) {
    for (int64_t x = 12; x < 48; ++x) {
      const io::Colour colour = garment(x, y);
      std::copy(colour.begin(), colour.end(), picture.rgb.begin() + (y * picture.width + x) * 3);
    }
  }
  return picture;
}

constexpr io::Colour kRed = {190, 25, 30}, kNavy = {22, 26, 62}, kYellow = {240, 215, 60};

TEST(GarmentMaskTest, TheRectangleInTheMiddleIsTheGarment) {
  const auto picture = garment_on(kYellow, [](int64_t, int64_t) { return kNavy; });
  const GarmentMask mask = find_garment(lab_grid(picture, 96));
  EXPECT_NEAR(mask.coverage, 36.0 * 48 / (60 * 80), 0.01);
  EXPECT_GT(mask.garment[40 * 60 + 30], 0.99f);
  EXPECT_LT(mask.garment[40 * 60 + 3], 0.01f);
  EXPECT_GT(mask.confidence, 0.6);
}

TEST(GarmentMaskTest, OneColourHasNoConfidence) {
  EXPECT_LT(find_garment(lab_grid(io::blank_picture(60, 80, kRed), 96)).confidence, 0.1);
  EXPECT_THROW(find_garment({}), InvalidInput);
}

TEST(PictureTraitsTest, ColoursOfGarmentAndBackgroundAreTold) {
  const auto traits = measure_traits(garment_on(kYellow, [](int64_t, int64_t) { return kRed; }));
  EXPECT_EQ(traits.garment.name, ColourName::red);
  EXPECT_GT(traits.garment.share, 0.9);
  EXPECT_FALSE(traits.garment.second);
  EXPECT_EQ(traits.background.name, ColourName::yellow);
  EXPECT_LT(distance(traits.garment.mean, lab_grid(io::blank_picture(1, 1, kRed), 1).at(0, 0)), 3);
  EXPECT_EQ(traits.pattern, Pattern::plain);
}

TEST(PictureTraitsTest, ACheckIsAPatternOfTwoColours) {
  const auto traits = measure_traits(garment_on(
      kYellow, [](int64_t x, int64_t y) { return (x / 2 + y / 2) % 2 == 0 ? kNavy : kRed; }));
  EXPECT_EQ(traits.pattern, Pattern::patterned);
  ASSERT_TRUE(traits.garment.second);
  EXPECT_NEAR(traits.garment.share, 0.5, 0.1);
}

TEST(PictureTraitsTest, ShadowOnWhiteClothIsNotGreyCloth) {
  const auto traits = measure_traits(garment_on(kRed, [](int64_t x, int64_t) {
    const auto level = static_cast<uint8_t>(x % 5 < 2 ? 245 : 150);
    return io::Colour{level, level, level};
  }));
  EXPECT_EQ(traits.garment.name, ColourName::white);
}

TEST(PictureTraitsTest, BrightnessIsTheMeanLightness) {
  EXPECT_NEAR(measure_traits(io::blank_picture(8, 8)).brightness, 100, 0.1);
  EXPECT_NEAR(measure_traits(io::blank_picture(8, 8, {0, 0, 0})).brightness, 0, 0.1);
  EXPECT_THROW(measure_traits({}), InvalidInput);
}

TEST(PictureTraitsTest, WordsAreThoseOfProductTables) {
  EXPECT_EQ(chinese(Pattern::plain), "纯色");
  EXPECT_EQ(english(Pattern::patterned), "patterned");
}

struct Labelled {
  std::string file, colours, backgrounds, pattern;
};

std::vector<Labelled> labelled_pictures() {
  std::ifstream in(VITRINE_SOURCE_DIR "/tests/data/clothing/labels.tsv");
  std::vector<Labelled> rows;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    Labelled row;
    std::getline(cells, row.file, '\t');
    std::getline(cells, row.colours, '\t');
    std::getline(cells, row.backgrounds, '\t');
    std::getline(cells, row.pattern, '\t');
    rows.push_back(row);
  }
  return rows;
}

bool accepts(const std::string& names, std::string_view name) {
  return ("|" + names + "|").find("|" + std::string(name) + "|") != std::string::npos;
}

TEST(PictureTraitsTest, EightyFivePercentOfSixtyLabelledPicturesGetAColourThatAPersonAccepts) {
  const auto rows = labelled_pictures();
  ASSERT_EQ(rows.size(), 60u);
  int colours = 0, first = 0, backgrounds = 0, patterns = 0, scored = 0;
  for (const Labelled& row : rows) {
    const auto traits = measure_traits(io::read_picture(
        std::filesystem::path(VITRINE_SOURCE_DIR "/tests/data/clothing") / row.file));
    colours += accepts(row.colours, english(traits.garment.name));
    first += row.colours.starts_with(english(traits.garment.name));
    backgrounds += accepts(row.backgrounds, english(traits.background.name));
    scored += row.pattern != "-";
    patterns += row.pattern == english(traits.pattern);
  }
  std::cout << "of 60: colour " << colours << " (the likeliest word " << first << "), background "
            << backgrounds << "; pattern " << patterns << " of " << scored << "\n";
  EXPECT_GE(colours, 51);
  EXPECT_GE(backgrounds, 51);
  EXPECT_GE(patterns * 100, scored * 80);
}

}  // namespace
}  // namespace vitrine::imagery
