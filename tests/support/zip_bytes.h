// support/zip_bytes.h - zip files written byte by byte, with what no well-meant program writes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::test {

struct ZipEntry {
  std::string name, contents;       // stored as they are
  uint32_t unix_mode = 0100644;     // 0120777 = a symbolic link
  bool encrypted = false;           // the flag alone
  int64_t claimed_bytes = -1;       // unpacked size in the headers; -1 = the true one
};

/// `value` in `count` bytes, least significant first.
inline std::string little_endian(uint64_t value, int count) {
  std::string bytes;
  for (; count > 0; --count, value >>= 8) bytes += static_cast<char>(value & 0xff);
  return bytes;
}

/// What local header and directory have in common. The checksum is 0: for archives that are refused unread.
inline std::string zip_fields(const ZipEntry& entry) {
  const uint64_t unpacked = entry.claimed_bytes < 0 ? entry.contents.size() : static_cast<uint64_t>(entry.claimed_bytes);
  return little_endian(20, 2) + little_endian(entry.encrypted ? 1 : 0, 2) + little_endian(0, 2) + little_endian(0, 8) + little_endian(entry.contents.size(), 4) +
         little_endian(unpacked, 4) + little_endian(entry.name.size(), 2) + little_endian(0, 2);
}

inline std::string zip_bytes(const std::vector<ZipEntry>& entries) {
  std::string files, directory;
  for (const ZipEntry& entry : entries) {
    directory += "PK\1\2" + little_endian(3 << 8 | 20, 2) + zip_fields(entry) + little_endian(0, 6) + little_endian(uint64_t{entry.unix_mode} << 16, 4) + little_endian(files.size(), 4) + entry.name;
    files += "PK\3\4" + zip_fields(entry) + entry.name + entry.contents;
  }
  return files + directory + "PK\5\6" + little_endian(0, 4) + little_endian(entries.size(), 2) + little_endian(entries.size(), 2) + little_endian(directory.size(), 4) + little_endian(files.size(), 4) +
         little_endian(0, 2);
}

}  // namespace vitrine::test
