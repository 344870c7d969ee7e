// base/json.h - the JSON type of the project and the two ways to read it with a place in the message.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vitrine {

/// Keeps the order of its keys, so that the same record gives the same bytes.
using Json = nlohmann::ordered_json;

/// Parses one JSON value. `where` names it in the message ("products.jsonl row 3").
/// Throws Corrupt when `text` is not JSON or not valid UTF-8.
Json parse_json(std::string_view text, std::string_view where);

/// Reads a whole file as JSON. Throws NotFound, IoError or Corrupt.
Json read_json_file(const std::filesystem::path& path);

/// One line, UTF-8 as it is, no spaces. Invalid UTF-8 inside strings becomes U+FFFD.
std::string dump_line(const Json& value);

/// Two-space indentation and a final line end.
std::string dump_pretty(const Json& value);

}  // namespace vitrine
