// recipes/contact_sheet.h - many pictures on one, to look through.
#pragma once
#include <filesystem>
#include <vector>

#include "io/picture.h"

namespace vitrine::recipes {

/// A row of thumbnails for each row of files, of one size, with small gaps, on white.
/// Throws InvalidInput for no picture at all, what read_picture throws.
io::Picture contact_sheet(const std::vector<std::vector<std::filesystem::path>>& rows);

}  // namespace vitrine::recipes
