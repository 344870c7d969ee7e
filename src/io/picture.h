// io/picture.h - pictures in memory, read from and written to PNG, JPEG and WebP; the first frame
// of GIF is read.
//
// Files come from outside: the kind is told by the first bytes, the size by the header before
// anything is decoded, and only the four decoders named here are ever reached. Messages hold one of
//   EMPTY_FILE      no bytes                                            (Corrupt)
//   TOO_LARGE       more pixels or bytes than the limit                 (InvalidInput)
//   IMG_UNREADABLE  none of the kinds that are read, damaged, truncated (Corrupt)
// All functions may be called from any thread.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/picture_format.h"

namespace vitrine::io {

/// Colours of sRGB, 8 bit, without alpha.
struct Picture {
  int64_t width = 0, height = 0;  // pixels
  std::vector<uint8_t> rgb;       // [H, W, 3], row-major
};

using Colour = std::array<uint8_t, 3>;
inline constexpr Colour kWhite = {255, 255, 255};

/// A picture of one colour. Throws InvalidInput for a side < 1.
Picture blank_picture(int64_t width, int64_t height, Colour colour = kWhite);

struct PictureLimits {
  int64_t max_pixels = 50'000'000;  // width * height, as the header says it
  int64_t max_bytes = 100'000'000;  // of the file
};

struct PictureHeader {
  PictureFormat format = PictureFormat::png;
  int64_t width = 0, height = 0;  // as shown: after the EXIF rotation
  int64_t frames = 1;  // of an animated GIF, WebP or PNG
};

/// What the header of a file says; no pixel is decoded. `name` stands for the file in messages.
/// Throws as read_picture does.
PictureHeader read_picture_header(std::string_view bytes, std::string_view name,
                                  const PictureLimits& limits = {});

/// The picture as a viewer shows it: EXIF rotation applied; grey, palette, 16 bit, CMYK and ICC
/// profiles converted to 8-bit sRGB; transparent parts on white. Of an animated file the first
/// frame, with a warning. Throws NotFound, IoError, Corrupt (EMPTY_FILE, IMG_UNREADABLE),
/// InvalidInput (TOO_LARGE, with size and limit).
Picture read_picture(const std::filesystem::path& path, const PictureLimits& limits = {});
Picture read_picture(std::string_view bytes, std::string_view name,
                     const PictureLimits& limits = {});
/// The same of a file that was read before: no warning is said again.
Picture reread_picture(std::string_view bytes, std::string_view name,
                       const PictureLimits& limits = {});

/// Throws InvalidInput when sides and number of bytes do not fit together.
void require_whole(const Picture& picture, std::string_view where);

struct WriteOptions {
  int quality = 90;  // 1 to 100, of JPEG and WebP; PNG is always lossless
};

/// By the ending: .png, .jpg, .jpeg, .webp in any case. Throws InvalidInput for another one.
PictureFormat format_of(const std::filesystem::path& path);

/// The bytes of a file, without any metadata. Throws InvalidInput (gif, quality, a side that the
/// format cannot hold).
std::string encode_picture(const Picture& picture, PictureFormat format,
                           const WriteOptions& options = {});

/// Pixels alone, by the ending of `path`; appears whole or not at all. Pictures that leave the program go through
/// recipes/label_picture.h instead. Throws InvalidInput, IoError.
void write_picture(const std::filesystem::path& path, const Picture& picture,
                   const WriteOptions& options = {});

}  // namespace vitrine::io
