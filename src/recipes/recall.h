// recipes/recall.h - `vitrine recall FILES`: the settings that a picture was made with, and the
// command that repeats it.
#pragma once
#include <string>

#include "base/config.h"
#include "base/json.h"

namespace vitrine::recipes {

struct RecallConfig {
  std::string models;
  bool check_models = true;

  void describe(FieldVisitor& v) {
    v.field("models", models,
            "folder where models and adapters are looked for, by name; empty = $VITRINE_MODELS, "
            "else models/ of the program");
    v.field("check_models", check_models,
            "compare the SHA-256 of what is found with that of the picture (reads whole files)");
  }
};

/// One object: `file`, `source` ("vitrine", "a1111", "comfyui"), the settings by the names of
/// `vitrine draw`, `other`, `missing` (models by name and hash), `command`. Nothing is fetched, and
/// nothing outside the folder of models is read. Throws NotFound, Corrupt, InvalidInput: a file
/// that cannot be read, or one without settings (RECALL_NOTHING).
Json recall(const std::string& file, const RecallConfig& config);

}  // namespace vitrine::recipes
