// base/toml.h - the part of TOML 1.0 that settings files use, read as JSON.
//
// Tables, arrays of tables, dotted and quoted keys, strings on one line (basic and literal),
// integers, floats, booleans, arrays, inline tables, comments. Refused with its line: dates and
// times, strings of several lines, a key that is there twice.
#pragma once
#include <string_view>

#include "base/json.h"

namespace vitrine {

/// `where` names the text in messages. Throws Corrupt with the line.
Json parse_toml(std::string_view text, std::string_view where);

}  // namespace vitrine
