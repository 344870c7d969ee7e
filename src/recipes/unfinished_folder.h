// recipes/unfinished_folder.h - folders that lie beside an output while it is made. Files that
// others put there stay.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::recipes {

/// What an unfinished run depends on, in its folder.
inline constexpr std::string_view kRunSettings = "run.json";

struct UnfinishedFolder {
  std::filesystem::path place;
  std::string verb, holds;  // in messages: "write", "parts"
  /// Whether a run makes files of this name there.
  std::function<bool(const std::string& name)> makes;

  /// Also while the file is written. Throws nothing.
  bool is_own(const std::filesystem::path& file) const;
  /// Throws IoError.
  std::vector<std::filesystem::path> files() const;
  /// Throws InvalidInput when the place is taken by a file, by a link, or by a folder of others: one
  /// without run.json that holds more than a run's own files.
  void require_own() const;
};

}  // namespace vitrine::recipes
