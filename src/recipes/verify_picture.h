// recipes/verify_picture.h - `vitrine verify FILES`: whether pictures carry their labels. Reads
// only.
#pragma once
#include <string>
#include <string_view>

#include "base/json.h"
#include "recipes/label_settings.h"

namespace vitrine::recipes {

/// One object a picture, as docs/formats/picture_metadata.md describes it: `file`, `explicit`,
/// `explicit_checks`, `implicit`, `iptc`, `c2pa`, `problems`, `result` "pass" or "fail". A file
/// that cannot be read is a fail with `error`. Throws Cancelled only.
Json verify_picture_file(const std::string& file, const LabelContext& context);

/// The same of bytes that are about to be written; throws what reading throws.
Json verify_new_picture(std::string_view bytes, const LabelContext& context);

/// Whether a file begins as a picture, or has the name of one: also when it is empty, damaged or not there.
bool is_picture_file(const std::string& file);

}  // namespace vitrine::recipes
