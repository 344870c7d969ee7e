// base/python_json.h - JSON as Python writes it.
#pragma once
#include <filesystem>
#include <string_view>

#include "base/json.h"

namespace vitrine {

/// JSON in which Infinity, -Infinity and NaN may stand, which Python writes and the format does not
/// know: they become the strings "Infinity", "-Infinity" and "NaN". Throws what parse_json throws.
Json parse_python_json(std::string_view text, std::string_view where);

/// The same of a file. Throws what read_json_file throws.
Json read_python_json_file(const std::filesystem::path& path);

}  // namespace vitrine
