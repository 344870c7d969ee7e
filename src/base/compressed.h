// base/compressed.h - files that are plain, gzip or Zstandard by their name, and "-" for standard input and output.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_reader.h"

namespace vitrine {

enum class Compression { none, gzip, zstd };

/// By the end of the name: .gz, .zst, else none.
Compression compression_of(const std::filesystem::path& path);
/// The name without .gz or .zst: "rows.csv.gz" gives "rows.csv".
std::filesystem::path without_compression_suffix(const std::filesystem::path& path);

/// Packs or unpacks a whole buffer. `where` is the file in messages.
/// decompress reads several members or frames in a row; throws Corrupt for damaged or cut data, and TOO_LARGE in its message
/// when the result would exceed max_bytes.
std::string compress(std::string_view bytes, Compression compression);
std::string decompress(std::string_view bytes, Compression compression, std::string_view where, size_t max_bytes);

/// What `packed` unpacks to, piece by piece; damaged or cut data is Corrupt when the reading comes
/// to it.
std::unique_ptr<ByteReader> unpacking(std::unique_ptr<ByteReader> packed, Compression compression,
                                      std::string where);

/// The unpacked bytes of a file, "-" = standard input (plain). Throws NotFound, IoError, Corrupt; Cancelled on Ctrl-C while it
/// waits for standard input.
std::string read_file_unpacked(const std::filesystem::path& path, size_t max_bytes = size_t{1} << 40);

/// Output that appears whole or not at all, packed by name. "-", devices and pipes, which cannot,
/// are written at commit or with each write. Needs little memory otherwise; equal text gives equal
/// bytes, in whatever pieces it is written. Call order: (write)* commit. Without commit nothing is
/// left behind.
class OutputFile {
 public:
  enum class Devices { at_commit, at_once };
  explicit OutputFile(std::filesystem::path path, Devices devices = Devices::at_commit);
  /// Whether `path` is "-", a device or a pipe, which a rename would replace by a file
  /// (/dev/null!).
  static bool is_device(const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);  // throws IoError
  void commit();                       // throws IoError

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The whole of an OutputFile at once.
void write_output(const std::filesystem::path& path, std::string_view bytes);

}  // namespace vitrine
