// recipes/json_lines.h - the lines of a JSONL file of our own, one after another.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"

namespace vitrine::recipes {

/// Calls `take` for each line that is not blank; `where` names file and line.
/// Throws NotFound, IoError, Corrupt (a line that is not JSON), and what `take` throws.
void for_each_line(const std::filesystem::path& path, const std::function<void(const Json& json, const std::string& where)>& take);

}  // namespace vitrine::recipes
