// io/picture_name.h - the kinds of picture files, told by how their names end.
#pragma once
#include <filesystem>
#include <optional>

#include "io/picture_format.h"

namespace vitrine::io {

/// By .png, .jpg, .jpeg, .webp or .gif in any case; nothing for other names.
std::optional<PictureFormat> format_by_name(const std::filesystem::path& path);

}  // namespace vitrine::io
