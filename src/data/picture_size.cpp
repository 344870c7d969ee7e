#include "data/picture_size.h"

#include "io/picture_format.h"

namespace vitrine::data {
namespace {

/// `count` bytes at `at`, most significant first; 0 beyond the end.
int64_t big_endian(std::string_view bytes, size_t at, size_t count) {
  int64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
  return value;
}

int64_t little_endian(std::string_view bytes, size_t at, size_t count) {
  int64_t value = 0;
  for (size_t i = count; i > 0; --i) value = value << 8 | (at + i - 1 < bytes.size() ? static_cast<unsigned char>(bytes[at + i - 1]) : 0);
  return value;
}

std::optional<PictureSize> checked(int64_t width, int64_t height) {
  return width > 0 && height > 0 ? std::optional(PictureSize{width, height}) : std::nullopt;
}

std::optional<PictureSize> png_size(std::string_view bytes) {
  if (bytes.size() < 24 || bytes.substr(12, 4) != "IHDR") return std::nullopt;
  return checked(big_endian(bytes, 16, 4), big_endian(bytes, 20, 4));
}

std::optional<PictureSize> gif_size(std::string_view bytes) {
  if (bytes.size() < 10) return std::nullopt;
  return checked(little_endian(bytes, 6, 2), little_endian(bytes, 8, 2));
}

std::optional<PictureSize> webp_size(std::string_view bytes) {
  if (bytes.size() < 30) return std::nullopt;
  const std::string_view kind = bytes.substr(12, 4);
  if (kind == "VP8X") return checked(little_endian(bytes, 24, 3) + 1, little_endian(bytes, 27, 3) + 1);
  if (kind == "VP8 ") return checked(little_endian(bytes, 26, 2) & 0x3fff, little_endian(bytes, 28, 2) & 0x3fff);
  if (kind != "VP8L") return std::nullopt;
  const int64_t bits = little_endian(bytes, 21, 4);
  return checked((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
}

/// Walks the segments up to a start of frame.
std::optional<PictureSize> jpeg_size(std::string_view bytes) {
  for (size_t at = 2; at + 9 < bytes.size();) {
    if (static_cast<unsigned char>(bytes[at]) != 0xff) return std::nullopt;
    const int marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xff) {
      ++at;
      continue;
    }
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) return checked(big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2));
    const bool alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    const int64_t length = alone ? 0 : big_endian(bytes, at + 2, 2);
    if (!alone && length < 2) return std::nullopt;
    at += 2 + static_cast<size_t>(length);
  }
  return std::nullopt;
}

}  // namespace

std::optional<PictureSize> picture_size(std::string_view bytes) {
  const auto format = io::recognise_picture(bytes);
  if (!format) return std::nullopt;
  switch (*format) {
    case io::PictureFormat::png: return png_size(bytes);
    case io::PictureFormat::jpeg: return jpeg_size(bytes);
    case io::PictureFormat::gif: return gif_size(bytes);
    case io::PictureFormat::webp: return webp_size(bytes);
  }
  return std::nullopt;
}

}  // namespace vitrine::data
