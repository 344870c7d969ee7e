#include "recipes/unfinished_folder.h"

#include "base/error.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;

bool UnfinishedFolder::is_own(const fs::path& file) const {
  std::string name = file.filename().string();
  if (name.starts_with('.') && name.ends_with(".tmp"))  // .NAME.PID.tmp, of write_file_atomic
    name = name.substr(1, name.rfind('.', name.size() - 5) - 1);
  return name == kRunSettings || makes(name);
}

std::vector<fs::path> UnfinishedFolder::files() const {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::directory_iterator entry(place, code), end; !code && entry != end; entry.increment(code))
    files.push_back(entry->path());
  if (code) throw IoError(concat("[", verb, "] ", place.string(), ": ", code.message()));
  return files;
}

void UnfinishedFolder::require_own() const {
  const auto status = fs::symlink_status(place);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status))
    throw InvalidInput(concat("[", verb, "] ", place.string(), ": expected a folder of ", holds,
                              ", found a file or a link"));
  if (fs::exists(place / kRunSettings)) return;
  for (const fs::path& file : files()) {
    if (is_own(file)) continue;
    throw InvalidInput(concat("[", verb, "] ", place.string(), ": is no folder of ", holds,
                              " (it holds ", file.filename().string(),
                              "); move it away or choose another --output"));
  }
}

}  // namespace vitrine::recipes
