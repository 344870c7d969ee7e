#include "base/byte_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;

class MemoryReader : public ByteReader {
 public:
  explicit MemoryReader(std::string_view bytes) : left_(bytes) {}
  size_t read(std::span<char> out) override {
    const size_t size = left_.copy(out.data(), out.size());
    left_.remove_prefix(size);
    return size;
  }

 private:
  std::string_view left_;
};

class DescriptorReader : public ByteReader {
 public:
  DescriptorReader(int descriptor, fs::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  ~DescriptorReader() override {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
  }
  DescriptorReader(const DescriptorReader&) = delete;
  DescriptorReader& operator=(const DescriptorReader&) = delete;

  size_t read(std::span<char> out) override {
    for (;;) {
      if (descriptor_ == STDIN_FILENO)
        throw_if_interrupted("standard input was not read to its end, nothing was written");
      const ssize_t size = ::read(descriptor_, out.data(), out.size());
      if (size >= 0) return static_cast<size_t>(size);
      if (errno != EINTR)
        throw IoError(concat("[read] ", path_.string(), ": ", std::strerror(errno)));
    }
  }

 private:
  int descriptor_;
  fs::path path_;
};

}  // namespace

std::unique_ptr<ByteReader> read_memory(std::string_view bytes) {
  return std::make_unique<MemoryReader>(bytes);
}

std::unique_ptr<ByteReader> open_bytes(const fs::path& path) {
  if (path == "-") return std::make_unique<DescriptorReader>(STDIN_FILENO, path);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int code = errno;
  if (descriptor < 0) {
    const std::string message = concat("[open_bytes] ", path.string(), ": ", std::strerror(code));
    if (code == ENOENT) throw NotFound(message);
    throw IoError(message);
  }
  auto reader = std::make_unique<DescriptorReader>(descriptor, path);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    throw IoError(concat("[open_bytes] ", path.string(), ": ", std::strerror(EISDIR)));
  }
  log_debug("[open_bytes] ", path.string(), ": ", status.st_size, " bytes");
  return reader;
}

std::string read_all(ByteReader& reader, std::string_view where, size_t max_bytes) {
  std::string all;
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = reader.read(chunk)) {
    if (size > max_bytes - all.size())
      throw Corrupt(
          concat("[read_all] ", where, ": TOO_LARGE: more than ", max_bytes, " bytes unpacked"));
    all.append(chunk.data(), size);
  }
  return all;
}

}  // namespace vitrine
