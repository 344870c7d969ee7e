// recipes/draw_row.h - the pictures of one prompt: drawn, inspected, drawn anew, labelled and written,
// with their line of candidates.jsonl (docs/formats/drawn_pictures.md).
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "recipes/draw_config.h"
#include "recipes/draw_tasks.h"
#include "recipes/label_picture.h"
#include "recipes/picture_drawer.h"
#include "recipes/picture_inspector.h"
#include "recipes/resample.h"

namespace vitrine::recipes {

/// What rows are drawn with; all of it outlives the call.
struct DrawParts {
  const DrawConfig& config;
  PictureDrawer& drawer;
  PictureInspector& inspector;
  const PictureInspectorConfig& inspection;
  const PictureLabelConfig& label;
  const LabelContext& labels;
};

/// Where the files of a row go.
struct DrawnPlace {
  std::filesystem::path folder;
  std::string link;                                // of the folder, in the line: "pictures/"
  std::function<std::string(size_t index)> name;  // of each file
};

/// The seed of a row's noise. Products have noise of their own; that of a prompt depends on the seed
/// alone. Below 2^63, as records hold it.
uint64_t row_seed(const DrawTask& task, int64_t seed);

/// At most `attempts` for each picture; 1 where nothing is inspected.
///   watch_for  what is told while the pictures of these seeds are drawn
/// Throws what PictureDrawer::draw and PictureInspector::inspect throw, and `watch_for`.
std::vector<Resampled> draw_row(const DrawParts& parts, const DrawTask& task, int attempts, bool keep_latents,
                                const std::function<DrawWatch(std::span<const PictureSeed>)>& watch_for);

/// Writes the files of a row, each with its label; gives its line. Throws what
/// write_labelled_pictures throws.
Json write_row(const DrawParts& parts, const DrawTask& task, std::span<const Resampled> pictures, const DrawnPlace& place);

/// Writes a smaller copy of a picture with its longest side `side`, labelled like the picture; `parent`: the
/// ProduceID of the picture, empty = it has none. Throws what write_labelled_picture throws.
/// REQUIRES: sides that hold a legible label (imagery::kMinLabelledSide).
void write_thumbnail(const DrawParts& parts, const DrawTask& task, const Resampled& picture, const std::string& parent, int64_t side,
                     const std::filesystem::path& file);

/// The line of a row without pictures.
Json empty_row(const DrawParts& parts, const DrawTask& task);

/// Throws InvalidInput (LBL_TOO_SMALL) when the pictures cannot hold a legible label.
void require_room_for_label(const PictureDrawer& drawer);

}  // namespace vitrine::recipes
