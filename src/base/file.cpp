#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_io(std::string_view function, const fs::path& path, int code) {
  const std::string message = concat("[", function, "] ", path.string(), ": ", std::strerror(code));
  if (code == ENOENT) throw NotFound(message);
  throw IoError(message);
}

fs::path temporary_name(const fs::path& path) {
  return path.parent_path() / concat(".", path.filename().string(), ".", ::getpid(), ".tmp");
}

void make_parent(const fs::path& path) {
  if (path.parent_path().empty()) return;
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  if (code) throw_io("make_parent", path.parent_path(), code.value());
}

}  // namespace

std::string read_file(const fs::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  log_debug("[read_file] ", path.string(), ": ", bytes.size(), " bytes");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_file_atomic(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
  // A rename over a device or a pipe would replace it by a file.
  if (fs::exists(path_) && !fs::is_regular_file(path_)) {
    throw IoError(concat("[AtomicFile] ", path_.string(), ": not a regular file"));
  }
  make_parent(path_);
  file_ = std::fopen(temporary_.c_str(), "wb");
  if (file_ == nullptr) throw_io("AtomicFile", path_, errno);
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
    throw_io("AtomicFile::write", path_, errno);
  }
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) {
    throw_io("AtomicFile::commit", path_, errno);
  }
  std::fclose(std::exchange(file_, nullptr));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary_.c_str());
    throw_io("AtomicFile::commit", path_, code);
  }
  log_debug("[AtomicFile] wrote ", path_.string());
}

AtomicDirectory::AtomicDirectory(fs::path final_path)
    : final_path_(std::move(final_path)), temporary_(temporary_name(final_path_)) {
  make_parent(final_path_);
  std::error_code code;
  fs::remove_all(temporary_, code);
  fs::create_directory(temporary_, code);
  if (code) throw_io("AtomicDirectory", final_path_, code.value());
}

AtomicDirectory::~AtomicDirectory() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void AtomicDirectory::commit() {
  const fs::path old = temporary_.string() + ".old";
  std::error_code code;
  if (fs::exists(final_path_)) {
    fs::rename(final_path_, old, code);
    if (code) throw_io("AtomicDirectory::commit", final_path_, code.value());
  }
  fs::rename(temporary_, final_path_, code);
  if (code) throw_io("AtomicDirectory::commit", final_path_, code.value());
  committed_ = true;
  fs::remove_all(old, code);
}

MappedFile::MappedFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_io("MappedFile", path, errno);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    const int code = S_ISDIR(status.st_mode) ? EISDIR : errno;
    ::close(descriptor);
    throw_io("MappedFile", path, code);
  }
  size_ = static_cast<size_t>(status.st_size);
  if (size_ > 0) {
    void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) {
      const int code = errno;
      ::close(descriptor);
      throw_io("MappedFile", path, code);
    }
    data_ = static_cast<const std::byte*>(memory);
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace vitrine
