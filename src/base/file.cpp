#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kTemporaryEnd = ".tmp";

[[noreturn]] void throw_io(std::string_view function, const fs::path& path, int code) {
  const std::string message = concat("[", function, "] ", path.string(), ": ", std::strerror(code));
  if (code == ENOENT) throw NotFound(message);
  throw IoError(message);
}

/// Whether `name` is ".NAME.PID.tmp" of some process.
bool is_temporary_name(std::string_view name, std::string_view final_name) {
  const std::string prefix = concat(".", final_name, ".");
  if (!name.starts_with(prefix) || !name.ends_with(kTemporaryEnd) || name.size() <= prefix.size() + kTemporaryEnd.size()) return false;
  const std::string_view process = name.substr(prefix.size(), name.size() - prefix.size() - kTemporaryEnd.size());
  return process.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether nobody holds the file's or folder's lock: its maker is gone.
bool is_abandoned(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return false;
  const bool free = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return free;
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

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(temporary_beside(path_)) {
  // A rename over a device or a pipe would replace it by a file.
  if (fs::exists(path_) && !fs::is_regular_file(path_)) {
    throw IoError(concat("[AtomicFile] ", path_.string(), ": not a regular file"));
  }
  make_parent(path_);
  remove_abandoned(path_);
  file_ = std::fopen(temporary_.c_str(), "wbe");
  if (file_ == nullptr) throw_io("AtomicFile", path_, errno);
  FileLock::mark(::fileno(file_));
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

fs::path temporary_beside(const fs::path& path) {
  return path.parent_path() / concat(".", path.filename().string(), ".", ::getpid(), kTemporaryEnd);
}

void remove_abandoned(const fs::path& path) {
  const fs::path parent = path.parent_path().empty() ? "." : path.parent_path();
  const std::string name = path.filename().string();
  std::vector<fs::path> abandoned;
  std::error_code ignored;
  for (fs::directory_iterator entry(parent, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    if (is_temporary_name(entry->path().filename().string(), name) && is_abandoned(entry->path())) abandoned.push_back(entry->path());
  }
  for (const fs::path& left : abandoned) fs::remove_all(left, ignored);
}

FileLock::FileLock(const fs::path& path, const std::string& message) {
  for (;;) {
    make_parent(path);  // its last holder may have deleted the folder too
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw_io("FileLock", path, errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      ::close(descriptor_);
      if (code == EWOULDBLOCK) throw Busy(message);
      throw_io("FileLock", path, code);
    }
    struct stat held {}, there {};
    const bool same = ::fstat(descriptor_, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino;
    if (same) return;
    ::close(descriptor_);  // its last holder deleted it between our open and our lock
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

void FileLock::mark(int descriptor) noexcept { (void)::flock(descriptor, LOCK_EX | LOCK_NB); }

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
