// recipes/convert_preferences.h - `vitrine convert preferences`: ranked lists and pairs from one
// dialect to another.
//
// Sets for training are no published content and carry no labels; their manifest says which texts a model
// wrote and which the checks block. What goes to others (TRL, LLaMA-Factory) never teaches a blocked text.
#pragma once
#include <string>

#include "data/preference_file.h"

namespace vitrine::recipes {

struct ConvertPreferencesConfig {
  data::PreferenceReadConfig reader;
  std::string to;
  std::string output = "-";
  std::string rejects, manifest, model;
  bool keep_blocked = false;

  void describe(FieldVisitor& v) {
    reader.describe(v);
    v.field("to", to, "own | trl | llama-factory", {"", "own", "trl", "llama-factory"});
    v.field(
        "output", output,
        "file for the rows (.gz, .zst by name; LLaMA-Factory: .json, .jsonl); - = standard output");
    v.field("rejects", rejects, "findings with file, row, column and code, JSONL; empty = none");
    v.field("manifest", manifest,
            "of each list its hashes before and after, source, models, and what the checks block; JSONL; empty = none");
    v.field("model", model, "name or SHA-256 of the model that wrote the texts, for the manifest; rows that say model_sha256 go before");
    v.field("keep_blocked", keep_blocked, "lists that prefer a text which the checks block go to TRL and LLaMA-Factory too, marked in the manifest");
  }
};

/// Reads `input` (data/preference_file.h) and writes all of its good rows, or nothing.
/// For TRL and LLaMA-Factory a list is held back (CHOSEN_BLOCKED, its row is its number) in which a text
/// that the checks block stands before another one, unless keep_blocked. config.rejects is written in every case, config.manifest (docs/formats/preferences.md) after the
/// output, which is read back for it. Returns the report. Throws UsageError, ImportRefused (a
/// file that is refused as a whole), InvalidInput (no pair to write), NotFound, IoError, Corrupt.
data::ImportReport convert_preferences(const std::string& input,
                                       const ConvertPreferencesConfig& config);

}  // namespace vitrine::recipes
