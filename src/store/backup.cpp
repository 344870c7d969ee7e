#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "store/sqlite_backup.h"

namespace vitrine::store {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_io(const fs::path& path) {
  throw IoError(concat("[back_up] ", path.string(), ": ", std::generic_category().message(errno)));
}

/// An open file or folder.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : path_(path), number_(::open(path.c_str(), flags, 0600)) {
    if (number_ < 0) throw_io(path_);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void sync() const {
    if (::fsync(number_) != 0) throw_io(path_);
  }

 private:
  fs::path path_;
  int number_;
};

/// The place where the copy is made; it goes unless it was moved away.
class Temporary {
 public:
  explicit Temporary(const fs::path& path) : path_(temporary_beside(path)) {
    remove_abandoned(path);
    fs::remove(path_);
  }
  ~Temporary() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

void back_up(Connection& connection, const fs::path& path) {
  VITRINE_REQUIRE(connection.dialect().is_sqlite, "[back_up] ", connection.name(),
                  ": PostgreSQL is backed up by its own tool: pg_dump --format=custom");
  VITRINE_REQUIRE(!fs::exists(path) || fs::is_regular_file(path), "[back_up] ", path.string(),
                  ": expected a file or nothing, it is something else");
  const Temporary temporary(path);
  const Descriptor file(temporary.path(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC);
  FileLock::mark(file.number());
  copy_sqlite(connection, temporary.path().string());
  file.sync();
  std::error_code code;
  fs::rename(temporary.path(), path, code);
  if (code) throw IoError(concat("[back_up] ", path.string(), ": ", code.message()));
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  Descriptor(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync();
}

}  // namespace vitrine::store
