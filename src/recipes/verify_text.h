// recipes/verify_text.h - `vitrine verify text`: whether files of texts carry their labels. Reads
// only.
#pragma once
#include <string>

#include "base/json.h"
#include "recipes/label_settings.h"
#include "recipes/text_file.h"

namespace vitrine::recipes {

/// One object a file, as docs/formats/text_label.md describes it: `file`, `explicit`,
/// `explicit_checks`, `implicit`, `texts`, `problems` (of single texts, at most 20), `result`
/// "pass" or "fail". A file that cannot be read is a fail with `error`. `config` says how a file
/// without sidecar is read. Throws Cancelled only.
Json verify_text_file(const std::string& file, const TextFileConfig& config,
                      const LabelContext& context);

/// For people: "2 of 3 files pass", with the first problem of each that does not.
std::string verify_summary(const std::vector<Json>& reports);

}  // namespace vitrine::recipes
