// recipes/convert_preferences.h - `vitrine convert preferences`: ranked lists and pairs from one
// dialect to another.
#pragma once
#include <string>

#include "data/preference_file.h"

namespace vitrine::recipes {

struct ConvertPreferencesConfig {
  data::PreferenceReadConfig reader;
  std::string to;
  std::string output = "-";
  std::string rejects, manifest;

  void describe(FieldVisitor& v) {
    reader.describe(v);
    v.field("to", to, "own | trl | llama-factory", {"", "own", "trl", "llama-factory"});
    v.field(
        "output", output,
        "file for the rows (.gz, .zst by name; LLaMA-Factory: .json, .jsonl); - = standard output");
    v.field("rejects", rejects, "findings with file, row, column and code, JSONL; empty = none");
    v.field("manifest", manifest,
            "hashes of each list before and after, with its source, JSONL; empty = none");
  }
};

/// Reads `input` (data/preference_file.h) and writes all of its good rows, or nothing.
/// config.rejects is written in every case, config.manifest (docs/formats/preferences.md) after the
/// output, which is read back for it. Returns the report. Throws UsageError, ImportRefused (a
/// file that is refused as a whole), InvalidInput (no pair to write), NotFound, IoError, Corrupt.
data::ImportReport convert_preferences(const std::string& input,
                                       const ConvertPreferencesConfig& config);

}  // namespace vitrine::recipes
