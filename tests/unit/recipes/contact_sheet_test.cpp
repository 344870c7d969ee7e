#include "recipes/contact_sheet.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

TEST(ContactSheetTest, PicturesStandInRowsOnWhite) {
  const fs::path folder =
      fs::temp_directory_path() / ("contact_sheet_" + std::to_string(::getpid()));
  io::write_picture(folder / "red.png", io::blank_picture(192, 96, {255, 0, 0}));
  io::write_picture(folder / "blue.png", io::blank_picture(192, 96, {0, 0, 255}));
  const io::Picture sheet =
      contact_sheet({{{folder / "red.png"}, {folder / "blue.png"}}, {{folder / "blue.png"}}});
  EXPECT_EQ(sheet.width, 4 + 2 * 196);
  EXPECT_EQ(sheet.height, 4 + 2 * 120);
  const auto at = [&](int64_t x, int64_t y) {
    return sheet.rgb[static_cast<size_t>((y * sheet.width + x) * 3)];
  };
  EXPECT_EQ(at(50, 50), 255);    // red
  EXPECT_EQ(at(250, 50), 0);     // blue
  EXPECT_EQ(at(50, 170), 0);     // blue
  EXPECT_EQ(at(250, 170), 255);  // nothing: white
  fs::remove_all(folder);
}

TEST(ContactSheetTest, TheSizeLabelStandsUnderEachPicture) {
  const fs::path file =
      fs::temp_directory_path() / ("contact_sheet_label_" + std::to_string(::getpid()) + ".png");
  io::write_picture(file, io::blank_picture(192, 192));
  const auto ink = [&](imagery::SizeLabel label) {
    const io::Picture sheet = contact_sheet({{{file, label}}});
    return std::vector<uint8_t>(sheet.rgb.begin() + 196 * sheet.width * 3, sheet.rgb.end());
  };
  const auto concept_ink = ink(imagery::SizeLabel::concept_picture);
  EXPECT_LT(*std::min_element(concept_ink.begin(), concept_ink.end()), 60);
  EXPECT_NE(concept_ink, ink(imagery::SizeLabel::thumbnail));
  EXPECT_NE(concept_ink, ink(imagery::SizeLabel::listing_ready));
  fs::remove(file);
}

TEST(ContactSheetTest, NoPictureAtAllIsRefused) {
  EXPECT_THROW(contact_sheet({}), InvalidInput);
  EXPECT_THROW(contact_sheet(std::vector<std::vector<SheetPicture>>(1)), InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
