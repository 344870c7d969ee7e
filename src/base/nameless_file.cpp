#include "base/nameless_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/error.h"

namespace vitrine {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw IoError(concat("[temporary folder] ", what, ": ", std::strerror(errno)));
}

}  // namespace

int open_nameless_file() {
  std::string name = (std::filesystem::temp_directory_path() / "vitrine-waiting-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail(name);
  ::unlink(name.c_str());
  return descriptor;
}

void append_to_file(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno != EINTR) fail("write");
    if (size > 0) bytes.remove_prefix(static_cast<size_t>(size));
  }
}

size_t read_at(int descriptor, uint64_t at, std::span<char> out) {
  ssize_t size = -1;
  do size = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(at));
  while (size < 0 && errno == EINTR);
  if (size < 0) fail("read");
  return static_cast<size_t>(size);
}

}  // namespace vitrine
