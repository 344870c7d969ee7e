// train/run_folder.h - the folder that a run works in, for one process at a time.
#pragma once
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/file.h"

namespace vitrine::train {

/// Holds the folder's lock. A folder in which nothing was begun goes with the object: there is no state, only what was made in model() before.
class RunFolder {
 public:
  /// Throws UsageError, naming `verb`, when the folder is a file or holds other files than a run's; Busy when another
  /// process trains there; IoError.
  RunFolder(std::string_view verb, std::filesystem::path path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Where the model's own files are made.
  std::filesystem::path model() const { return path_ / "model"; }
  /// The run has ended well: its files go, and the folder when nothing else is in it.
  void remove();

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

}  // namespace vitrine::train
