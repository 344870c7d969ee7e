// io/tar.h - tar archives of plain files: an index of what lies where, and a writer.
//
// Archives come from outside: every name and size is checked before it is used. Read: ustar, GNU
// (long names) and pax (path, size). Messages hold one of
//   ARCHIVE_DAMAGED  no archive, a wrong checksum, cut off
//   ARCHIVE_PATH     an absolute name, or one with ".."
//   ARCHIVE_LINK     a link or a device
//   TOO_LARGE        more members or a larger one than the limit
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace vitrine::io {

struct TarLimits {
  int64_t max_members = 10'000'000;
  int64_t max_member_bytes = int64_t{1} << 30;
};

struct TarMember {
  std::string name;
  int64_t offset = 0, size = 0;  // bytes of the archive
};

/// The files of an archive, in its order; folders are passed over, of two members of one name both
/// are there. Throws NotFound, IoError, Corrupt (ARCHIVE_DAMAGED, ARCHIVE_PATH, ARCHIVE_LINK),
/// InvalidInput (TOO_LARGE).
std::vector<TarMember> read_tar_index(const std::filesystem::path& archive, const TarLimits& limits = {});

/// Writes an archive that appears whole or not at all; the same members give the same bytes (no
/// times, no owners). Call order: (add)* commit.
class TarWriter {
 public:
  explicit TarWriter(const std::filesystem::path& archive) : file_(archive) {}
  /// Throws InvalidInput for a name that is empty, absolute, has ".." or is longer than 100 bytes;
  /// IoError.
  void add(std::string_view name, std::string_view bytes);
  void commit();  // throws IoError

 private:
  AtomicFile file_;
};

}  // namespace vitrine::io
