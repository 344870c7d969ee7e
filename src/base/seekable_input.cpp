#include "base/seekable_input.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/byte_reader.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/nameless_file.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;

int open_in_place(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw IoError(concat("[SeekableInput] ", path.string(), ": ", std::strerror(errno)));
  return descriptor;
}

void copy_unpacked(const fs::path& path, int descriptor) {
  const auto reader = unpacking(open_bytes(path), compression_of(path), path.string());
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = reader->read(chunk)) append_to_file(descriptor, {chunk.data(), size});
}

}  // namespace

SeekableInput::SeekableInput(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) && compression_of(path) == Compression::none) {
    descriptor_ = open_in_place(path);
    return;
  }
  SeekableInput kept(open_nameless_file());
  copy_unpacked(path, kept.descriptor_);
  std::swap(descriptor_, kept.descriptor_);
}

SeekableInput::SeekableInput(SeekableInput&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

SeekableInput::~SeekableInput() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

size_t SeekableInput::read_at(uint64_t at, std::span<char> out) const {
  return vitrine::read_at(descriptor_, at, out);
}

}  // namespace vitrine
