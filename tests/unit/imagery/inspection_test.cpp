#include "imagery/inspection.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vitrine::imagery {
namespace {

constexpr io::Colour kGround = {236, 234, 230}, kRed = {190, 30, 45}, kInk = {20, 20, 25};

void fill(io::Picture& picture, int64_t x, int64_t y, int64_t w, int64_t h, io::Colour colour) {
  for (int64_t row = y; row < y + h; ++row) {
    for (int64_t column = x; column < x + w; ++column) {
      for (size_t c = 0; c < 3; ++c) picture.rgb[static_cast<size_t>(row * picture.width + column) * 3 + c] = colour[c];
    }
  }
}

/// A red garment with folds in the middle of a light ground.
io::Picture garment() {
  io::Picture picture = io::blank_picture(128, 160, kGround);
  fill(picture, 24, 24, 80, 112, kRed);
  for (int64_t x = 28; x < 100; x += 8) fill(picture, x, 28, 2, 104, {150, 20, 35});
  return picture;
}

bool has(const Inspection& inspection, Defect defect) {
  return std::any_of(inspection.findings.begin(), inspection.findings.end(), [&](const Finding& finding) { return finding.defect == defect; });
}

TEST(InspectionTest, AGarmentInTheMiddleIsAccepted) {
  const Inspection inspection = inspect_picture(garment(), {.colour = ColourName::red, .class_probability = 0.9});
  EXPECT_TRUE(inspection.accepted()) << (inspection.findings.empty() ? "" : english(inspection.findings.front().defect)) << " spread " << inspection.spread
                                     << " detail " << inspection.detail << " border " << inspection.border << " coverage " << inspection.traits.coverage;
}

TEST(InspectionTest, APictureOfOneColourIsBlankAndIndistinct) {
  const Inspection inspection = inspect_picture(io::blank_picture(128, 160, kGround), {});
  EXPECT_TRUE(has(inspection, Defect::blank));
  EXPECT_TRUE(has(inspection, Defect::indistinct));
}

TEST(InspectionTest, AnotherColourThanTheOneAskedForIsFoundWithItsShare) {
  const Inspection inspection = inspect_picture(garment(), {.colour = ColourName::blue, .class_probability = {}});
  ASSERT_TRUE(has(inspection, Defect::wrong_colour));
  EXPECT_LT(inspection.findings.back().value, inspection.findings.back().limit);
}

TEST(InspectionTest, AClassThatTheClassifierDoesNotSeeIsFound) {
  EXPECT_TRUE(has(inspect_picture(garment(), {.colour = {}, .class_probability = 0.05}), Defect::wrong_category));
  EXPECT_FALSE(has(inspect_picture(garment(), {}), Defect::wrong_category));
}

TEST(InspectionTest, ARowOfStrokesIsLikeText) {
  io::Picture picture = garment();
  for (int64_t i = 0; i < 9; ++i) {
    fill(picture, 12 + 12 * i, 146, 2, 9, kInk);
    fill(picture, 12 + 12 * i, 150, 6, 2, kInk);
  }
  EXPECT_EQ(count_text_rows(garment()), 0);
  EXPECT_GE(count_text_rows(picture), 1);
  EXPECT_TRUE(has(inspect_picture(picture, {}), Defect::text_like));
}

TEST(InspectionTest, EveryDefectHasAName) {
  EXPECT_EQ(english(Defect::text_like), "text_like");
  EXPECT_EQ(chinese(Defect::blank), "空白");
}

}  // namespace
}  // namespace vitrine::imagery
