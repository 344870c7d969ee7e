// recipes/verify_export.h - proof that the texts which `export` put into a shop's file have their
// labels.
#pragma once
#include <string>

#include "base/json.h"
#include "recipes/label_settings.h"

namespace vitrine::recipes {

/// Whether a file is such an export: a zip archive, or a file whose sidecar says so.
bool is_export(const std::string& file);

/// One object as verify_text_file prints it, over the texts that the sidecar lists (what the shop
/// wrote itself needs no label). An archive holds the file, its sidecar and its manifest. Throws
/// NotFound, Corrupt, IoError.
Json verify_export(const std::string& file, const LabelContext& context);

}  // namespace vitrine::recipes
