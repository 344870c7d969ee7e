// data/picture_size.h - width and height of a picture from the head of its file; no pixel is decoded.
//
// io/picture.h says more, but wants the whole file and a decoder; a table of a million pictures is
// checked by their heads.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace vitrine::data {

struct PictureSize {
  int64_t width = 0, height = 0;  // pixels
};

/// PNG, JPEG, WebP or GIF by its first bytes; nothing when it is none of these, or is cut before the
/// sizes come.
std::optional<PictureSize> picture_size(std::string_view bytes);

}  // namespace vitrine::data
