// recipes/curate_run.h - `curate copy`: files in, one folder out: kept.jsonl, rejects.jsonl, funnel.json, funnel.html, vitrine.json.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/import.h"
#include "recipes/curate_copy.h"

namespace vitrine::recipes {

struct CurateRunConfig {
  CurateConfig funnel;
  data::ImportConfig reader;
  std::string dev;     // held-out file, may be empty
  std::string output;  // folder; an older one is replaced

  void describe(FieldVisitor& v) {
    funnel.describe(v);
    reader.describe(v);
    v.field("dev", dev, "held-out rows that training must not see: a file as for the input");
    v.field("output", output, "folder for kept.jsonl, rejects.jsonl, funnel.json, funnel.html");
  }
};

/// Reads the files, runs the funnel with the import as its first line ("import": rows that no record could be made of),
/// and writes the folder, which appears whole or not at all. `version` goes into vitrine.json with settings and file hashes.
/// Returns the set. Throws what read_products and curate_rows throw; UsageError without output.
CuratedSet curate_files(std::span<const std::string> files, const CurateRunConfig& config, const std::string& version);

}  // namespace vitrine::recipes
