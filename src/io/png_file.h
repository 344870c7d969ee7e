// io/png_file.h - the PNG part of io/picture_metadata.h.
#pragma once
#include <string>
#include <string_view>

#include "io/picture_metadata.h"

namespace vitrine::io {

/// `bytes` begin as a PNG file. Throw as the functions of picture_metadata.h.
PictureMetadata read_png_metadata(std::string_view bytes, std::string_view name);
std::string with_png_metadata(std::string_view bytes, std::string_view name,
                              const MetadataChange& change);

}  // namespace vitrine::io
