#include "imagery/terminal_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

TEST(TerminalPictureTest, ACellHasThePixelAboveInFrontAndTheOneBelowBehind) {
  io::Picture picture = io::blank_picture(1, 2, {10, 20, 30});
  picture.rgb = {255, 0, 1, 2, 3, 4};
  EXPECT_EQ(terminal_picture(picture, 1), "\x1b[38;2;255;0;1m\x1b[48;2;2;3;4m\xE2\x96\x80\x1b[0m\n");
}

TEST(TerminalPictureTest, KeepsTheProportionsAndAveragesTheRest) {
  io::Picture picture = io::blank_picture(40, 60, {0, 0, 0});
  for (size_t i = 0; i < picture.rgb.size(); i += 6) picture.rgb[i] = 200;  // every second column
  const std::string text = terminal_picture(picture, 20);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 15);
  EXPECT_EQ(text.find("\x1b[38;2;100;0;0m"), 0u) << "the mean of 200 and 0";
}

TEST(TerminalPictureTest, MoreColumnsThanPixelsRepeatThem) {
  const std::string text = terminal_picture(io::blank_picture(2, 2, {9, 9, 9}), 4);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(TerminalPictureTest, NothingToShowIsRefused) {
  EXPECT_THROW(terminal_picture({}, 4), InvalidInput);
  EXPECT_THROW(terminal_picture(io::blank_picture(2, 2, {0, 0, 0}), 0), InvalidInput);
}

}  // namespace
}  // namespace vitrine::imagery
