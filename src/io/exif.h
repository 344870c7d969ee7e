// io/exif.h - the few fields of EXIF that labels and generation settings need.
//
// A block that cannot be read is no reason to refuse a picture: reading says what is wrong, writing
// throws. New fields are put at the block's end, so that nothing else in it moves (maker notes hold
// offsets).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vitrine::io {

struct ExifReading {
  int orientation = 1;                      // 1 to 8; 1 = as it lies there
  std::optional<std::string> user_comment;  // UTF-8, without the bytes that name its encoding
  std::string problem;                      // empty = all of it could be read
};
/// `tiff`: the block without "Exif\0\0". Empty gives the defaults.
ExifReading read_exif(std::string_view tiff);

/// The block with this UserComment (UTF-16 big-endian, "UNICODE"), in the place of the old one; an
/// empty block becomes one with nothing else. Throws Corrupt when the block cannot be read.
std::string with_user_comment(std::string_view tiff, std::string_view utf8);

/// The block with orientation 1, if it has one; a block that cannot be read stays as it is.
std::string without_rotation(std::string_view tiff);

}  // namespace vitrine::io
