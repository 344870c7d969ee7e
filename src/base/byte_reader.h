// base/byte_reader.h - bytes that come piece by piece, so that a file of any size needs little
// memory.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace vitrine {

class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Fills the start of `out`, which is not empty. Returns how many bytes; 0 at the end, and from
  /// then on. Throws IoError, Corrupt (damaged packing), Cancelled (Ctrl-C while it waits for
  /// standard input).
  virtual size_t read(std::span<char> out) = 0;
};

/// `bytes` must outlive the reader.
std::unique_ptr<ByteReader> read_memory(std::string_view bytes);

/// The bytes as they lie there; "-" is standard input. Throws NotFound, IoError (a folder).
std::unique_ptr<ByteReader> open_bytes(const std::filesystem::path& path);

/// All that is left. Throws Corrupt with TOO_LARGE and `where` in its message above max_bytes.
std::string read_all(ByteReader& reader, std::string_view where, size_t max_bytes);

}  // namespace vitrine
