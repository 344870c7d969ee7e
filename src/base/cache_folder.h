// base/cache_folder.h - where a user's programs keep what can be made again.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace vitrine {

/// $XDG_CACHE_HOME when it is an absolute path, else ~/.cache; nothing where there is no home.
inline std::optional<std::filesystem::path> user_cache_folder() {
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder != nullptr && *folder == '/') return folder;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return std::filesystem::path(home) / ".cache";
  return std::nullopt;
}

}  // namespace vitrine
