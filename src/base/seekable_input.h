// base/seekable_input.h - an input that is read at any place, unpacked by its name.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>

namespace vitrine {

/// A plain file is read where it lies; what is packed, standard input and pipes are unpacked at
/// first into a file of the temporary folder that has no name and goes with the object.
class SeekableInput {
 public:
  /// "-" = standard input. Throws NotFound, IoError, Corrupt (damaged packing), Cancelled.
  explicit SeekableInput(const std::filesystem::path& path);
  ~SeekableInput();
  SeekableInput(SeekableInput&& other) noexcept;
  SeekableInput& operator=(SeekableInput&&) = delete;

  /// Fills the start of `out` with the unpacked bytes from `at` on; returns how many, 0 at the end.
  /// Throws IoError.
  size_t read_at(uint64_t at, std::span<char> out) const;

 private:
  explicit SeekableInput(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace vitrine
