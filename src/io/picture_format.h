// io/picture_format.h - the kinds of picture files, told by their first bytes.
#pragma once
#include <optional>
#include <string_view>

namespace vitrine::io {

enum class PictureFormat { png, jpeg, webp, gif };
/// "png", "jpeg", "webp", "gif"
std::string_view to_string(PictureFormat format);

/// Nothing for bytes that begin as none of the four.
std::optional<PictureFormat> recognise_picture(std::string_view bytes);

}  // namespace vitrine::io
