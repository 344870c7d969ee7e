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

/// Where an output is made before it takes its place: ".NAME.PID.tmp" in the same folder.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// Deletes what killed processes left at such places of `path`; what a living process writes is locked and stays.
void remove_abandoned(const std::filesystem::path& path);

/// One process at a time: an exclusive lock on a file or folder, which ends with the object and with the process.
class FileLock {
 public:
  /// Makes the file when it is not there. Throws Busy with `message` when another process holds it, IoError.
  FileLock(const std::filesystem::path& path, const std::string& message);
  /// Marks an open descriptor, so that remove_abandoned leaves its file; where locks are not known, nothing happens.
  static void mark(int descriptor) noexcept;
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
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
