// data/archive.h - zip files that others made, read with care: nothing is unpacked to disk, and every
// size is checked before use.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"

namespace vitrine::data {

struct ArchiveLimits {
  uint64_t max_entry_bytes = uint64_t{1} << 30;  // unpacked
  uint64_t max_expansion = 100;  // unpacked : packed, of an entry over small_bytes and of the whole
  uint64_t small_bytes = uint64_t{64} << 10;
};

struct ArchiveEntry {
  std::string name;
  uint64_t size_bytes = 0;  // unpacked
};

/// A zip file in memory. Not thread-safe.
class Archive {
 public:
  /// Refuses the whole archive (ImportRefused): ARCHIVE_DAMAGED when it cannot be read, ARCHIVE_UNSAFE
  /// for an absolute or `..` path, a link, an encrypted entry, two entries of one name, and
  /// TOO_LARGE for an entry over the limits. `name` is the file in messages.
  Archive(std::string bytes, std::string name, const ArchiveLimits& limits = {});
  ~Archive();
  Archive(Archive&&) noexcept;
  Archive& operator=(Archive&&) noexcept;

  const std::vector<ArchiveEntry>& entries() const;  // in the order of the archive
  bool contains(std::string_view entry) const;
  /// Throws NotFound.
  const ArchiveEntry& entry(std::string_view name) const;
  /// The entry's bytes piece by piece; the archive must outlive the reader. Throws NotFound, and while it is
  /// read ImportRefused (ARCHIVE_DAMAGED, TOO_LARGE) for data that is damaged or longer than its header says.
  std::unique_ptr<ByteReader> open(std::string_view entry) const;
  /// All of them. Refuses (TOO_LARGE) an entry of more than max_bytes.
  std::string read(std::string_view entry, uint64_t max_bytes = UINT64_MAX) const;
  /// The archive's own bytes.
  const std::string& bytes() const;

  /// The archive with other contents for one entry; every other entry keeps its packed bytes.
  std::string with_entry(std::string_view entry, const std::string& contents) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A new zip file of these entries in order of their names; equal entries give equal bytes.
std::string make_archive(const std::map<std::string, std::string>& entries);

}  // namespace vitrine::data
