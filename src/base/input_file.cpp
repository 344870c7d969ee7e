#include "base/input_file.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "base/compressed.h"
#include "base/nameless_file.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunkBytes = size_t{1} << 16;

/// What lies in memory, then what lies in the file.
class KeptReader : public ByteReader {
 public:
  KeptReader(std::string_view kept, int overflow) : kept_(kept), overflow_(overflow) {}
  size_t read(std::span<char> out) override {
    if (kept_.empty() && overflow_ >= 0) return read_overflow(out);
    const size_t size = kept_.copy(out.data(), out.size());
    kept_.remove_prefix(size);
    return size;
  }

 private:
  size_t read_overflow(std::span<char> out) {
    const size_t size = read_at(overflow_, at_, out);
    at_ += size;
    return size;
  }

  std::string_view kept_;
  int overflow_;
  uint64_t at_ = 0;
};

}  // namespace

InputFile::InputFile(fs::path path) : path_(std::move(path)), name_(path_) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  const bool once_only = path_ == "-" || (fs::exists(status) && !fs::is_regular_file(status) &&
                                          !fs::is_directory(status));
  if (once_only) keep_all();
}

InputFile InputFile::in_memory(std::string bytes) {
  InputFile file;
  file.kept_ = std::move(bytes);
  return file;
}

InputFile::~InputFile() {
  if (overflow_ >= 0) ::close(overflow_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      kept_(std::move(other.kept_)),
      overflow_(std::exchange(other.overflow_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  path_ = std::move(other.path_);
  name_ = std::move(other.name_);
  kept_ = std::move(other.kept_);
  std::swap(overflow_, other.overflow_);
  return *this;
}

void InputFile::keep_all() {
  const auto reader = open_bytes(std::exchange(path_, {}));
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = reader->read(chunk)) {
    if (overflow_ < 0 && kept_.size() + size <= kWaitingInMemory) {
      kept_.append(chunk.data(), size);
      continue;
    }
    if (overflow_ < 0) overflow_ = open_nameless_file();
    append_to_file(overflow_, {chunk.data(), size});
  }
}

std::unique_ptr<ByteReader> InputFile::open() const {
  auto bytes = path_.empty() ? std::make_unique<KeptReader>(kept_, overflow_) : open_bytes(path_);
  return unpacking(std::move(bytes), compression_of(name_), name_.string());
}

}  // namespace vitrine
