// recipes/export_pictures.h - curated pictures in the layouts that other programs train from.
#pragma once
#include <filesystem>
#include <string_view>

#include "recipes/curate_images.h"

namespace vitrine::recipes {

/// imagefolder: DIR/<split>/metadata.jsonl {"file_name","text",…} and the pictures beside it.
/// webdataset: DIR/<split>-00000.tar with NNNNNN.jpg, NNNNNN.txt, NNNNNN.json, 1000 samples each.
/// Rows without a split are "train". Both hold the caption, its English form, id, sha256, scores, class,
/// signals and licence of each row, the picture's bytes as they were, and the funnel as funnel.json.
/// read_picture_set reads both. Rows whose picture cannot be read are left out.
///   layout  "imagefolder" | "webdataset"
/// Throws InvalidInput for another layout, IoError.
void export_pictures(const CuratedPictures& set, std::string_view layout, const std::filesystem::path& folder);

}  // namespace vitrine::recipes
