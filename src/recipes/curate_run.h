// recipes/curate_run.h - `curate copy`: files in, one folder out: kept.jsonl, rejects.jsonl, funnel.json, funnel.html, vitrine.json.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "data/import.h"
#include "recipes/curate_copy.h"

namespace vitrine::recipes {

inline constexpr std::string_view kCuratedCopyFiles[] = {"kept.jsonl", "rejects.jsonl", "funnel.json", "funnel.html", kManifestName};
inline constexpr ArtefactKind kCuratedCopyKind{"curated_copy", kCuratedCopyFiles};

struct CurateRunConfig {
  CurateConfig funnel;
  data::ImportConfig reader;
  std::string dev;     // held-out file, may be empty
  std::string output;  // folder; an older set of these files is replaced, other files stay

  void describe(FieldVisitor& v) {
    funnel.describe(v);
    reader.describe(v);
    v.field("dev", dev, "held-out rows that training must not see: a file as for the input");
    v.field("output", output, "folder for kept.jsonl, rejects.jsonl, funnel.json, funnel.html");
  }
};

/// Reads the files, runs the funnel with the import as its first line ("import": rows that no record could be made of),
/// and writes the folder, which appears whole or not at all. Rejected rows of files and config.dev are logged by code.
/// Returns the set. Throws what read_products and curate_rows throw; UsageError without output, or for an output that
/// holds other files (artefact.h).
CuratedSet curate_files(std::span<const std::string> files, const CurateRunConfig& config);

}  // namespace vitrine::recipes
