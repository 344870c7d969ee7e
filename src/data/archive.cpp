#include "data/archive.h"

#include <zip.h>

#include <algorithm>
#include <set>
#include <span>

#include "base/error.h"
#include "data/import.h"

namespace vitrine::data {
namespace {

constexpr zip_uint32_t kFileTypeMask = 0170000, kLinkType = 0120000;  // of Unix modes
constexpr zip_uint16_t kDosDate = (45 << 9) | (1 << 5) | 1;  // 2025-01-01: equal entries, equal bytes

[[noreturn]] void refuse(std::string_view file, std::string_view code, std::string value) {
  throw ImportRefused({std::string(file), 0, "", std::string(code), Severity::fatal, std::move(value)});
}

struct ZipClose {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipHandle = std::unique_ptr<zip_t, ZipClose>;

struct ZipFileClose {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string message_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// An archive over `bytes`, which must outlive it.
ZipHandle open_archive(const std::string& bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error);
  if (source == nullptr) refuse(name, "ARCHIVE_DAMAGED", message_of(error));
  ZipHandle archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!archive) {
    zip_source_free(source);
    refuse(name, "ARCHIVE_DAMAGED", message_of(error));
  }
  return archive;
}

bool leaves_its_folder(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.front() == '\\') return true;
  if (path.size() > 1 && path[1] == ':') return true;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find_first_of("/\\", at), path.size());
    if (path.substr(at, end - at) == "..") return true;
    at = end + 1;
  }
  return false;
}

bool is_link(zip_t* archive, zip_uint64_t index) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0) return false;
  return system == ZIP_OPSYS_UNIX && ((attributes >> 16) & kFileTypeMask) == kLinkType;
}

}  // namespace

struct Archive::State {
  std::string bytes, name;
  ArchiveLimits limits;
  ZipHandle handle;
  std::vector<ArchiveEntry> entries;

  void read_directory() {
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(handle.get(), 0));
    std::set<std::string, std::less<>> names;
    uint64_t total = 0;
    for (zip_uint64_t i = 0; i < count; ++i) {
      const ArchiveEntry entry = checked_entry(i);
      if (!names.insert(entry.name).second) refuse(name, "ARCHIVE_UNSAFE", concat("two entries are called ", entry.name));
      total += entry.size_bytes;
      entries.push_back(entry);
    }
    if (total > limits.small_bytes && total > limits.max_expansion * bytes.size())
      refuse(name, "TOO_LARGE", concat(total, " bytes unpacked from ", bytes.size(), ", at most ", limits.max_expansion, " times as many"));
  }

  ArchiveEntry checked_entry(zip_uint64_t index) const {
    zip_stat_t stat;
    if (zip_stat_index(handle.get(), index, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
      refuse(name, "ARCHIVE_DAMAGED", concat("entry ", index + 1, " has no name or size"));
    const ArchiveEntry entry{stat.name, stat.size};
    if (leaves_its_folder(entry.name)) refuse(name, "ARCHIVE_UNSAFE", concat("path ", entry.name));
    if (is_link(handle.get(), index)) refuse(name, "ARCHIVE_UNSAFE", concat("link ", entry.name));
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
      refuse(name, "ARCHIVE_UNSAFE", concat("encrypted entry ", entry.name));
    const bool bomb = entry.size_bytes > limits.small_bytes && entry.size_bytes / limits.max_expansion > stat.comp_size;
    if (bomb || entry.size_bytes > limits.max_entry_bytes)
      refuse(name, "TOO_LARGE", concat(entry.name, ": ", entry.size_bytes, " bytes unpacked from ", stat.comp_size));
    return entry;
  }
};

Archive::Archive(std::string bytes, std::string name, const ArchiveLimits& limits)
    : state_(std::make_unique<State>(State{std::move(bytes), std::move(name), limits, nullptr, {}})) {
  state_->handle = open_archive(state_->bytes, state_->name);
  state_->read_directory();
}
Archive::~Archive() = default;
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;

const std::vector<ArchiveEntry>& Archive::entries() const { return state_->entries; }
const std::string& Archive::bytes() const { return state_->bytes; }

bool Archive::contains(std::string_view entry) const {
  return std::any_of(state_->entries.begin(), state_->entries.end(), [&](const ArchiveEntry& e) { return e.name == entry; });
}

namespace {

/// Unpacks one entry and holds it to the size that its header says.
class EntryReader : public ByteReader {
 public:
  EntryReader(std::string archive, const ArchiveEntry& entry, zip_file_t* file) : archive_(std::move(archive)), entry_(entry), file_(file) {}

  size_t read(std::span<char> out) override {
    const zip_int64_t size = zip_fread(file_.get(), out.data(), out.size());
    if (size < 0) refuse(archive_, "ARCHIVE_DAMAGED", concat(entry_.name, ": ", zip_file_strerror(file_.get())));
    read_bytes_ += static_cast<uint64_t>(size);
    if (read_bytes_ > entry_.size_bytes) refuse(archive_, "TOO_LARGE", concat(entry_.name, ": longer than its header says"));
    if (size == 0 && read_bytes_ < entry_.size_bytes) refuse(archive_, "ARCHIVE_DAMAGED", concat(entry_.name, ": shorter than its header says"));
    return static_cast<size_t>(size);
  }

 private:
  std::string archive_;
  ArchiveEntry entry_;
  std::unique_ptr<zip_file_t, ZipFileClose> file_;
  uint64_t read_bytes_ = 0;
};

}  // namespace

const ArchiveEntry& Archive::entry(std::string_view name) const {
  const auto found = std::find_if(state_->entries.begin(), state_->entries.end(), [&](const ArchiveEntry& e) { return e.name == name; });
  if (found == state_->entries.end()) throw NotFound(concat("[Archive] ", state_->name, ": no entry ", name));
  return *found;
}

std::unique_ptr<ByteReader> Archive::open(std::string_view name) const {
  const ArchiveEntry& found = entry(name);
  zip_file_t* file = zip_fopen_index(state_->handle.get(), static_cast<zip_uint64_t>(&found - state_->entries.data()), 0);
  if (file == nullptr) refuse(state_->name, "ARCHIVE_DAMAGED", concat(name, ": ", zip_strerror(state_->handle.get())));
  return std::make_unique<EntryReader>(state_->name, found, file);
}

std::string Archive::read(std::string_view name, uint64_t max_bytes) const {
  const ArchiveEntry& found = entry(name);
  if (found.size_bytes > max_bytes) refuse(state_->name, "TOO_LARGE", concat(name, ": ", found.size_bytes, " bytes, at most ", max_bytes));
  const auto reader = open(name);
  std::string contents(found.size_bytes, '\0');
  for (size_t filled = 0; filled < contents.size();) filled += reader->read({contents.data() + filled, contents.size() - filled});
  char more = 0;
  reader->read({&more, 1});  // longer than its header says
  return contents;
}

namespace {

[[noreturn]] void fail(zip_t* archive) {
  throw IoError(concat("[Archive] cannot write a zip archive: ", zip_strerror(archive)));
}

/// Closes the archive over `sink` and takes what it wrote there.
std::string finished(zip_t* archive, zip_source_t* sink) {
  if (zip_close(archive) != 0) {
    const std::string why = zip_strerror(archive);
    zip_discard(archive);
    zip_source_free(sink);
    throw IoError(concat("[Archive] cannot write a zip archive: ", why));
  }
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_open(sink) != 0 || zip_source_stat(sink, &stat) != 0) throw IoError("[Archive] cannot read back a zip archive");
  std::string bytes(stat.size, '\0');
  const zip_int64_t size = zip_source_read(sink, bytes.data(), bytes.size());
  zip_source_close(sink);
  zip_source_free(sink);
  if (size != static_cast<zip_int64_t>(bytes.size())) throw IoError("[Archive] cannot read back a zip archive");
  return bytes;
}

zip_source_t* source_of(zip_t* archive, const std::string& contents) {
  zip_source_t* source = zip_source_buffer(archive, contents.data(), contents.size(), /*freep=*/0);
  if (source == nullptr) fail(archive);
  return source;
}

}  // namespace

namespace {

/// A new archive that is written to memory.
struct MemoryArchive {
  zip_source_t* sink = nullptr;
  zip_t* archive = nullptr;

  MemoryArchive() {
    zip_error_t error;
    zip_error_init(&error);
    sink = zip_source_buffer_create(nullptr, 0, 0, &error);
    if (sink == nullptr) throw IoError(concat("[Archive] ", message_of(error)));
    zip_source_keep(sink);
    archive = zip_open_from_source(sink, ZIP_TRUNCATE, &error);
    if (archive == nullptr) throw IoError(concat("[Archive] ", message_of(error)));
  }

  zip_uint64_t add(const std::string& name, zip_source_t* source) {
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) fail(archive);
    return static_cast<zip_uint64_t>(index);
  }
};

}  // namespace

std::string Archive::with_entry(std::string_view entry, const std::string& contents) const {
  MemoryArchive out;
  zip_t* in = state_->handle.get();
  for (size_t i = 0; i < state_->entries.size(); ++i) {
    const auto at = static_cast<zip_uint64_t>(i);
    zip_stat_t stat;
    zip_stat_index(in, at, 0, &stat);
    const bool replaced = state_->entries[i].name == entry;
    zip_source_t* source = replaced ? source_of(out.archive, contents) : zip_source_zip(out.archive, in, at, ZIP_FL_COMPRESSED, 0, -1);
    if (source == nullptr) fail(out.archive);
    const zip_uint64_t index = out.add(state_->entries[i].name, source);
    zip_file_set_mtime(out.archive, index, stat.mtime, 0);  // equal edits give equal bytes
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    zip_file_get_external_attributes(in, at, 0, &system, &attributes);
    zip_file_set_external_attributes(out.archive, index, 0, system, attributes);
    const bool is_common = stat.comp_method == ZIP_CM_STORE || stat.comp_method == ZIP_CM_DEFLATE;
    if (is_common) zip_set_file_compression(out.archive, index, stat.comp_method, 0);
  }
  int comment_size = 0;
  const char* comment = zip_get_archive_comment(in, &comment_size, ZIP_FL_ENC_RAW);
  if (comment != nullptr) zip_set_archive_comment(out.archive, comment, static_cast<zip_uint16_t>(comment_size));
  return finished(out.archive, out.sink);
}

std::string make_archive(const std::map<std::string, std::string>& entries) {
  MemoryArchive out;
  for (const auto& [name, contents] : entries) zip_file_set_dostime(out.archive, out.add(name, source_of(out.archive, contents)), 0, kDosDate, 0);
  return finished(out.archive, out.sink);
}

}  // namespace vitrine::data
