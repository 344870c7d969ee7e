// models/clip/preprocess.h - what CLIP does to a picture before it looks at it, as preprocessor_config.json says it.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/json.h"

namespace vitrine::models {

/// Defaults are OpenAI's. Pictures are resized with antialiased bicubic interpolation, cropped in the middle, scaled to
/// 0 .. 1 and normalised.
struct ClipPreprocess {
  int64_t size = 224;       // pixels: of the shorter side, or of both sides
  bool keep_ratio = true;   // false: both sides become `size` (Chinese-CLIP)
  int64_t crop_size = 224;  // pixels, at most `size`
  std::array<double, 3> image_mean{0.48145466, 0.4578275, 0.40821073};   // red, green, blue
  std::array<double, 3> image_std{0.26862954, 0.26130258, 0.27577711};
};

/// Throws InvalidInput, naming `where`, the field and its value: a size below 1, a crop that is larger, a deviation <= 0.
void validate(const ClipPreprocess& config, std::string_view where);

/// Reads preprocessor_config.json of a model directory; without one, the defaults at `image_size`.
/// Sizes may be numbers, {"shortest_edge"} or {"height","width"} that are equal. Throws Corrupt (not JSON), InvalidInput (a
/// crop that is not `image_size`; a step that is left out or done in another way, such as another interpolation).
ClipPreprocess read_clip_preprocess(const std::filesystem::path& model_dir, int64_t image_size);

/// The same from JSON. `where` names the file in messages.
ClipPreprocess clip_preprocess_from_json(const Json& json, std::string_view where);

/// A preprocessor_config.json that transformers of before and after version 5 read.
Json to_json(const ClipPreprocess& config);

}  // namespace vitrine::models
