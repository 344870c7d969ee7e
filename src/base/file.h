// base/file.h - whole files in, whole files out: a reader sees the old file or the new one, never a part.
#pragma once
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace vitrine {

/// The bytes of a file. Throws NotFound when it is not there, IoError when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by `bytes` through a temporary file in the same folder, fsync and rename.
/// Makes the folder when needed. Throws IoError (full disk) and leaves the old file as it was.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// A file that is written piece by piece and appears whole.
/// Call order: (write)* commit. Without commit the destructor removes the temporary file.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);  // throws IoError
  void commit();                       // throws IoError; the file is in place afterwards

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
};

/// A folder that is filled beside its final place and renamed at once (an older one is replaced).
/// Call order: fill path(), then commit. Without commit the destructor removes it.
class AtomicDirectory {
 public:
  explicit AtomicDirectory(std::filesystem::path final_path);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  const std::filesystem::path& path() const { return temporary_; }
  void commit();  // throws IoError

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_;
  bool committed_ = false;
};

/// A read-only memory map of a whole file. Empty files give an empty span.
/// The bytes stay valid while the object lives. Throws NotFound or IoError.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace vitrine
