// recipes/align_stages.h - the folder that the rounds of `align` work in: what is finished, stage by stage.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"

namespace vitrine::recipes {

inline constexpr int kMostRounds = 8;

/// Each stage leaves stages/NAME.json; what is there is done. One process works in a folder at a time.
class AlignStages {
 public:
  /// Who works in the folder, and what stages leave in it beside rounds and results.
  struct Owner {
    std::string_view verb;
    std::span<const std::string_view> files;
  };
  /// settings: all that the results depend on; kept in settings.json. Throws UsageError when the folder is a file, holds files of
  /// someone else, or a loop of other settings (naming each), and Busy when another process works there.
  AlignStages(const Owner& owner, std::filesystem::path path, const Json& settings);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path round(int r) const;  // round-r/
  bool is_done(const std::string& stage) const;
  Json result(const std::string& stage) const;

  /// The result of a stage; `work` runs when there is none yet. The seconds it took are in it; "resumed" is true when an earlier
  /// process had begun it, whose seconds are not.
  Json run(const std::string& stage, const std::function<Json()>& work) const;

  /// The loop has ended well: its files go, and the folder when nothing else is in it.
  void remove() const;

 private:
  std::filesystem::path file_of(const std::string& stage) const;
  void require_same(const Json& settings) const;
  bool holds_only_the_lock() const;

  Owner owner_;
  std::filesystem::path path_;
  std::optional<FileLock> lock_;
};

}  // namespace vitrine::recipes
