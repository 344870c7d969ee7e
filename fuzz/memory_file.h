// fuzz/memory_file.h - bytes as a file that has a path, without a disk.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "fuzz.h"

namespace vitrine::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    FUZZ_CHECK(descriptor_ >= 0);
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      FUZZ_CHECK(written > 0);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// Any bytes as a safetensors file. The first byte chooses: even, the rest is a header, followed by 64 bytes of data; odd, the rest is the file.
inline std::string safetensors_of(const uint8_t* data, size_t size) {
  if (size == 0) return "";
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 1) return std::string(rest);
  std::string bytes(8, '\0');
  const uint64_t length = rest.size();
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes.append(rest).append(64, '\0');
}

}  // namespace vitrine::fuzz
