// fuzz/png_repair.h - right CRCs for changed PNG files: without them nearly every change is refused
// at the first chunk.
#pragma once
#include <zlib.h>

#include <string>

namespace vitrine::fuzz {

inline std::string with_right_crcs(std::string png) {
  if (!png.starts_with("\x89PNG")) return png;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(png[at]); };
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t length =
        size_t{byte(at)} << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
    if (length > png.size() - at - 12) break;
    const auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(png.data()) + at + 4, length + 4);
    for (size_t i = 0; i < 4; ++i)
      png[at + 8 + length + i] = static_cast<char>(crc >> (24 - 8 * i));
    at += length + 12;
  }
  return png;
}

}  // namespace vitrine::fuzz
