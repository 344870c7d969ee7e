#include "recipes/contact_sheet.h"

#include <gtest/gtest.h>
#include <unistd.h>

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
      contact_sheet({{folder / "red.png", folder / "blue.png"}, {folder / "blue.png"}});
  EXPECT_EQ(sheet.width, 4 + 2 * 196);
  EXPECT_EQ(sheet.height, 4 + 2 * 100);
  const auto at = [&](int64_t x, int64_t y) {
    return sheet.rgb[static_cast<size_t>((y * sheet.width + x) * 3)];
  };
  EXPECT_EQ(at(50, 50), 255);    // red
  EXPECT_EQ(at(250, 50), 0);     // blue
  EXPECT_EQ(at(50, 150), 0);     // blue
  EXPECT_EQ(at(250, 150), 255);  // nothing: white
  fs::remove_all(folder);
}

TEST(ContactSheetTest, NoPictureAtAllIsRefused) {
  EXPECT_THROW(contact_sheet({}), InvalidInput);
  EXPECT_THROW(contact_sheet({{}}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
