#include "io/picture_format.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "io/picture_name.h"

namespace vitrine::io {

std::string_view to_string(PictureFormat format) {
  constexpr std::string_view kNames[] = {"png", "jpeg", "webp", "gif"};
  return kNames[static_cast<size_t>(format)];
}

std::optional<PictureFormat> recognise_picture(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return PictureFormat::png;
  if (bytes.starts_with("\xff\xd8\xff")) return PictureFormat::jpeg;
  if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP")
    return PictureFormat::webp;
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return PictureFormat::gif;
  return std::nullopt;
}

std::optional<PictureFormat> format_by_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".png") return PictureFormat::png;
  if (ending == ".jpg" || ending == ".jpeg") return PictureFormat::jpeg;
  if (ending == ".webp") return PictureFormat::webp;
  if (ending == ".gif") return PictureFormat::gif;
  return std::nullopt;
}

}  // namespace vitrine::io
