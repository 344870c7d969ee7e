// base/input_file.h - an input that is read more than once, piece by piece, unpacked by its name.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/byte_reader.h"

namespace vitrine {

/// A file, or bytes in memory. Standard input and pipes can be read once only: they are read to
/// their end at first and kept, up to 16 MiB in memory, then in a file of the temporary folder that
/// has no name and goes with the object.
class InputFile {
 public:
  /// "-" = standard input. Throws NotFound, IoError, Cancelled.
  explicit InputFile(std::filesystem::path path);
  /// Plain bytes, which the object owns.
  static InputFile in_memory(std::string bytes);
  ~InputFile();
  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;

  /// The unpacked bytes from the start. Each reader reads for itself; none may outlive the object.
  std::unique_ptr<ByteReader> open() const;

 private:
  InputFile() = default;
  void keep_all();

  std::filesystem::path path_;  // empty = kept
  std::filesystem::path name_;
  std::string kept_;
  int overflow_ = -1;  // descriptor of what did not fit into kept_
};

}  // namespace vitrine
