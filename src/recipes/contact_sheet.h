// recipes/contact_sheet.h - many pictures on one, to look through.
#pragma once
#include <filesystem>
#include <vector>

#include "imagery/size_label.h"
#include "io/picture.h"

namespace vitrine::recipes {

struct SheetPicture {
  std::filesystem::path file;
  imagery::SizeLabel size_label = imagery::SizeLabel::concept_picture;
};

/// A row of thumbnails for each row of files, of one size, with small gaps, on white; the size label stands under each: 概念图, 缩略图,
/// 可上架. Throws InvalidInput for no picture at all, what read_picture throws.
io::Picture contact_sheet(const std::vector<std::vector<SheetPicture>>& rows);

}  // namespace vitrine::recipes
