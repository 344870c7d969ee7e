#include "imagery/terminal_picture.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

constexpr const char* kUpperHalf = "\xE2\x96\x80";
constexpr const char* kReset = "\x1b[0m\n";

/// Mean colour of the pixels that a cell of a grid of columns x rows covers.
io::Colour mean_of_cell(const io::Picture& picture, int64_t column, int64_t columns, int64_t row, int64_t rows) {
  const auto begin = [](int64_t i, int64_t cells, int64_t pixels) { return i * pixels / cells; };
  const int64_t left = begin(column, columns, picture.width), top = begin(row, rows, picture.height);
  const int64_t right = std::max(left + 1, begin(column + 1, columns, picture.width)), bottom = std::max(top + 1, begin(row + 1, rows, picture.height));
  std::array<int64_t, 3> sums{};
  for (int64_t y = top; y < bottom; ++y) {
    for (int64_t x = left; x < right; ++x) {
      for (size_t c = 0; c < 3; ++c) sums[c] += picture.rgb[static_cast<size_t>(y * picture.width + x) * 3 + c];
    }
  }
  const int64_t pixels = (right - left) * (bottom - top);
  io::Colour colour{};
  for (size_t c = 0; c < 3; ++c) colour[c] = static_cast<uint8_t>((sums[c] + pixels / 2) / pixels);
  return colour;
}

std::string code(int layer, const io::Colour& colour) {
  return concat("\x1b[", layer, ";2;", int{colour[0]}, ";", int{colour[1]}, ";", int{colour[2]}, "m");
}

}  // namespace

std::string terminal_picture(const io::Picture& picture, int64_t columns) {
  VITRINE_REQUIRE(picture.width > 0 && picture.height > 0, "[terminal_picture] expected a picture with pixels, got ", picture.width, "x", picture.height);
  VITRINE_REQUIRE(columns > 0, "[terminal_picture] columns: expected at least 1, got ", columns);
  constexpr int kForeground = 38, kBackground = 48;
  const int64_t lines = std::max<int64_t>(1, (columns * picture.height + picture.width) / (2 * picture.width));  // a cell is twice as high as wide
  std::string text;
  for (int64_t line = 0; line < lines; ++line) {
    for (int64_t column = 0; column < columns; ++column) {
      text += code(kForeground, mean_of_cell(picture, column, columns, 2 * line, 2 * lines));
      text += code(kBackground, mean_of_cell(picture, column, columns, 2 * line + 1, 2 * lines));
      text += kUpperHalf;
    }
    text += kReset;
  }
  return text;
}

}  // namespace vitrine::imagery
