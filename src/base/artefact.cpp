#include "base/artefact.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/version.h"

namespace vitrine {
namespace fs = std::filesystem;
namespace {

/// `kind` of the folder's manifest; "" when there is none that can be read.
std::string kind_in(const fs::path& folder) {
  try {
    const Json manifest = read_json_file(folder / kManifestName);
    const auto kind = manifest.is_object() ? manifest.find("kind") : manifest.end();
    return manifest.is_object() && kind != manifest.end() && kind->is_string() ? kind->get<std::string>() : "";
  } catch (const Error&) {  // not ours, whatever it is
    return "";
  }
}

bool is_own(const ArtefactKind& kind, std::string_view name) {
  return std::find(kind.files.begin(), kind.files.end(), name) != kind.files.end();
}

[[noreturn]] void refuse(std::string_view verb, const std::string& output, std::string_view why) {
  throw UsageError(concat("[", verb, "] --output: ", output, " ", why, "; choose another folder"));
}

[[noreturn]] void throw_commit(const fs::path& place, int code) {
  throw IoError(concat("[ArtefactFolder] ", place.string(), ": ", std::strerror(code)));
}

/// What is above a place that is not there yet must be a folder, as far as it is there.
void require_folder_above(std::string_view verb, const std::string& output, const fs::path& place) {
  for (fs::path above = place.parent_path(); above.has_relative_path(); above = above.parent_path()) {
    if (fs::is_directory(above)) return;
    if (fs::exists(above)) refuse(verb, output, concat("lies below ", above.string(), ", which is a file"));
  }
}

/// For file systems that cannot exchange two folders: two renames, the first is taken back when the second fails.
void swap_by_renames(const fs::path& fresh, const fs::path& place) {
  const fs::path old = fresh.string() + ".old";
  if (::rename(place.c_str(), old.c_str()) != 0) throw_commit(place, errno);
  if (::rename(fresh.c_str(), place.c_str()) != 0) {
    const int code = errno;
    ::rename(old.c_str(), place.c_str());
    throw_commit(place, code);
  }
  ::rename(old.c_str(), fresh.c_str());
}

/// Afterwards `fresh` stands at `place`, and what was there stands at `fresh`.
void swap_folders(const fs::path& fresh, const fs::path& place) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, place.c_str(), RENAME_EXCHANGE) == 0) return;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) throw_commit(place, errno);
  swap_by_renames(fresh, place);
}

/// A second name of the same file where links are possible, else a copy.
void take_over(const fs::path& from, const fs::path& to) {
  constexpr auto kTree = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
  std::error_code code;
  fs::copy(from, to, kTree | fs::copy_options::create_hard_links, code);
  if (!code) return;
  fs::remove_all(to);
  fs::copy(from, to, kTree);
}

}  // namespace

Json manifest_of(const ArtefactKind& kind) { return {{"kind", kind.name}, {"program", "vitrine"}, {"version", program_version()}}; }

fs::path require_artefact_place(std::string_view verb, const std::string& output, const ArtefactKind& kind,
                                std::span<const std::string> inputs) {
  if (output.empty()) throw UsageError(concat("[", verb, "] --output: no folder given"));
  if (output == "-") throw UsageError(concat("[", verb, "] --output: -: a folder is written, which standard output cannot take"));
  fs::path place = fs::weakly_canonical(fs::absolute(output));
  if (!place.has_filename()) place = place.parent_path();  // "new/" is "new"
  if (!fs::exists(place)) {
    require_folder_above(verb, output, place);
    return place;
  }
  if (!fs::is_directory(place)) refuse(verb, output, "is a file");
  if (fs::is_empty(place)) return place;
  const std::string found = kind_in(place);
  if (found.empty()) refuse(verb, output, "holds other files");
  if (found != kind.name) refuse(verb, output, concat("holds something else (", kManifestName, ": kind '", found, "', not '", kind.name, "')"));
  for (const std::string& input : inputs) {
    const bool replaced = std::any_of(kind.files.begin(), kind.files.end(), [&](std::string_view name) { return is_same_file(input, place / name); });
    if (replaced) refuse(verb, output, concat("holds the input ", input));
  }
  return place;
}

ArtefactFolder::ArtefactFolder(fs::path place, const ArtefactKind& kind)
    : place_(std::move(place)), temporary_(temporary_beside(place_)), kind_(kind) {
  std::error_code code;
  fs::create_directories(place_.parent_path(), code);
  remove_abandoned(place_);
  fs::create_directory(temporary_, code);
  if (code) throw IoError(concat("[ArtefactFolder] ", place_.string(), ": ", code.message()));
  lock_ = ::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  FileLock::mark(lock_);
}

ArtefactFolder::~ArtefactFolder() {
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);  // uncommitted: the new one; else the old one
  if (lock_ >= 0) ::close(lock_);
}

void ArtefactFolder::take_over_other_files() const {
  try {
    for (const auto& entry : fs::directory_iterator(place_)) {
      const fs::path name = entry.path().filename();
      if (!is_own(kind_, name.string())) take_over(entry.path(), temporary_ / name);
    }
    fs::permissions(temporary_, fs::status(place_).permissions());
  } catch (const fs::filesystem_error& e) {
    throw IoError(concat("[ArtefactFolder] ", e.path1().string(), ": ", e.code().message()));
  }
}

void ArtefactFolder::commit() {
  if (!fs::exists(place_)) {
    if (::rename(temporary_.c_str(), place_.c_str()) != 0) throw_commit(place_, errno);
    return;
  }
  take_over_other_files();
  swap_folders(temporary_, place_);
}

}  // namespace vitrine
