// data/quick_json.h - a fast reader for the plain JSON of data rows. Internal to the room.
#pragma once
#include <optional>
#include <string_view>

#include "base/json.h"

namespace vitrine::data {

/// The object that `text` is, equal to what Json::parse gives; nothing for a text that is no object,
/// no JSON, or holds what this reader leaves to Json::parse: escapes of lone surrogates, a key twice,
/// numbers beyond 64 bits, more than 32 levels. REQUIRES: valid UTF-8.
std::optional<Json> quick_parse_object(std::string_view text);

}  // namespace vitrine::data
