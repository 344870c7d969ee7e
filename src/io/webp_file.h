// io/webp_file.h - the WebP part of io/picture_metadata.h.
#pragma once
#include <string>
#include <string_view>

#include "io/picture_metadata.h"

namespace vitrine::io {

/// `bytes` begin as a WebP file. Throw as the functions of picture_metadata.h.
PictureMetadata read_webp_metadata(std::string_view bytes, std::string_view name);
std::string with_webp_metadata(std::string_view bytes, std::string_view name,
                               const MetadataChange& change);

}  // namespace vitrine::io
