// base/artefact.h - folders that the program makes: asked for before the work, filled beside their place, there at once.
//
// What a folder is stands in its vitrine.json (`kind`). An earlier artefact of the same kind is replaced in its own
// files; whatever else somebody put there (a README.md) stays.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vitrine {

struct ArtefactKind {
  std::string_view name;                    // `kind` in vitrine.json
  std::span<const std::string_view> files;  // every name that any version of it may hold, vitrine.json too
};

inline constexpr const char* kManifestName = "vitrine.json";

/// The start of a manifest: kind, program, version.
Json manifest_of(const ArtefactKind& kind);

/// The folder that `output` names, absolute, links followed, without a "/" at its end. Nothing is made.
/// Throws UsageError in one line, naming `verb` and the folder: no name, "-", a file is there or above it, a folder that holds other
/// files or another kind of artefact, one of `inputs` is a file that would be replaced.
std::filesystem::path require_artefact_place(std::string_view verb, const std::string& output, const ArtefactKind& kind,
                                             std::span<const std::string> inputs = {});

/// Call order: fill path(), then commit. Without commit the destructor removes it, and an older artefact is as it was.
class ArtefactFolder {
 public:
  /// `place`: what require_artefact_place gave. Throws IoError.
  ArtefactFolder(std::filesystem::path place, const ArtefactKind& kind);
  ~ArtefactFolder();
  ArtefactFolder(const ArtefactFolder&) = delete;
  ArtefactFolder& operator=(const ArtefactFolder&) = delete;

  const std::filesystem::path& path() const { return temporary_; }
  /// The older artefact goes, files of others come over into the new one. Throws IoError: the older one is as it was.
  void commit();

 private:
  void take_over_other_files() const;

  std::filesystem::path place_, temporary_;
  ArtefactKind kind_;
  int lock_ = -1;  // of the temporary folder
};

}  // namespace vitrine
