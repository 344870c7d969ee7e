#include "recipes/contact_sheet.h"

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "imagery/glyphs.h"
#include "io/picture_resize.h"

namespace vitrine::recipes {
namespace {

constexpr int64_t kThumbWidth = 192, kGap = 4, kCaption = 20, kEm = 16;  // pixels
constexpr int64_t kLeastSide = 128;             // a label has room

/// Copies `picture` into `sheet`, where it has room.
void paste(const io::Picture& picture, int64_t left, int64_t top, io::Picture& sheet) {
  for (int64_t y = 0; y < picture.height; ++y) {
    const auto from = picture.rgb.begin() + y * picture.width * 3;
    std::copy(from, from + picture.width * 3, sheet.rgb.begin() + ((top + y) * sheet.width + left) * 3);
  }
}

/// In black ink, in the strip of kCaption rows that begins at `top`.
void write(std::string_view text, int64_t left, int64_t top, io::Picture& sheet) {
  static const imagery::LabelGlyphs kGlyphs = imagery::LabelGlyphs::load(resource_path("rules/labels/glyphs/size_labels.tsv"));
  const imagery::Coverage ink = kGlyphs.draw(text, kEm).coverage;
  const int64_t first_row = top + (kCaption - ink.height) / 2;
  for (int64_t y = 0; y < ink.height; ++y) {
    for (int64_t x = 0; x < ink.width; ++x) {
      const auto grey = static_cast<uint8_t>(255 - ink.ink[static_cast<size_t>(y * ink.width + x)]);
      std::fill_n(sheet.rgb.begin() + ((first_row + y) * sheet.width + left + x) * 3, 3, grey);
    }
  }
}

}  // namespace

io::Picture contact_sheet(const std::vector<std::vector<SheetPicture>>& rows) {
  size_t columns = 0;
  for (const auto& row : rows) columns = std::max(columns, row.size());
  VITRINE_REQUIRE(columns > 0, "[contact_sheet] expected at least one picture");
  const auto filled = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return !row.empty(); });
  const io::Picture first = io::read_picture(filled->front().file);
  const int64_t width = kThumbWidth, height = std::max<int64_t>(1, kThumbWidth * first.height / first.width);
  const int64_t row_height = height + kCaption + kGap;
  io::Picture sheet = io::blank_picture(kGap + static_cast<int64_t>(columns) * (width + kGap),
                                        std::max(kLeastSide, kGap + static_cast<int64_t>(rows.size()) * row_height));
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column) {
      const SheetPicture& one = rows[row][column];
      const int64_t left = kGap + static_cast<int64_t>(column) * (width + kGap), top = kGap + static_cast<int64_t>(row) * row_height;
      paste(io::fit_pad(io::read_picture(one.file), width, height), left, top, sheet);
      write(imagery::chinese(one.size_label), left, top + height, sheet);
    }
  }
  return sheet;
}

}  // namespace vitrine::recipes
