#include "base/resource.h"

#include <cstdlib>

#include "base/error.h"

namespace vitrine {
namespace fs = std::filesystem;

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

fs::path resource_path(std::string_view relative) {
  if (const char* home = std::getenv("VITRINE_HOME")) {
    const fs::path path = fs::path(home) / relative;
    if (fs::exists(path)) return path;
    throw NotFound(concat("[resource_path] ", path.string(), ": not there ($VITRINE_HOME is set)"));
  }
  fs::path folder = program_folder();
  const fs::path shared = folder.parent_path() / "share/vitrine" / relative;
  if (fs::exists(shared)) return shared;
  for (int level = 0; level < 5; ++level, folder = folder.parent_path()) {
    if (fs::exists(folder / relative)) return folder / relative;
  }
  throw NotFound(concat("[resource_path] ", relative, ": neither in ", shared.parent_path().string(),
                        " nor in or above ", program_folder().string()));
}

}  // namespace vitrine
