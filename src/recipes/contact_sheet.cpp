#include "recipes/contact_sheet.h"

#include <algorithm>

#include "base/error.h"
#include "io/picture_resize.h"

namespace vitrine::recipes {
namespace {

constexpr int64_t kThumbWidth = 192, kGap = 4;  // pixels
constexpr int64_t kLeastSide = 128;             // a label has room

/// Copies `picture` into `sheet`, where it has room.
void paste(const io::Picture& picture, int64_t left, int64_t top, io::Picture& sheet) {
  for (int64_t y = 0; y < picture.height; ++y) {
    const auto from = picture.rgb.begin() + y * picture.width * 3;
    std::copy(from, from + picture.width * 3, sheet.rgb.begin() + ((top + y) * sheet.width + left) * 3);
  }
}

}  // namespace

io::Picture contact_sheet(const std::vector<std::vector<std::filesystem::path>>& rows) {
  size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  VITRINE_REQUIRE(columns > 0, "[contact_sheet] expected at least one picture");
  const auto filled = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return !row.empty(); });
  const io::Picture first = io::read_picture(filled->front());
  const int64_t width = kThumbWidth, height = std::max<int64_t>(1, kThumbWidth * first.height / first.width);
  const int64_t sheet_height = kGap + static_cast<int64_t>(rows.size()) * (height + kGap);
  io::Picture sheet = io::blank_picture(kGap + static_cast<int64_t>(columns) * (width + kGap), std::max(kLeastSide, sheet_height));
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column) {
      const io::Picture thumb = io::fit_pad(io::read_picture(rows[row][column]), width, height);
      paste(thumb, kGap + static_cast<int64_t>(column) * (width + kGap), kGap + static_cast<int64_t>(row) * (height + kGap), sheet);
    }
  }
  return sheet;
}

}  // namespace vitrine::recipes
