// recipes/json_lines.h - small JSONL files as a whole: every line an object, its place in every
// message.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vitrine::recipes {

/// Calls use(object, "FILE row N") for each line that holds more than white space; rows count
/// from 1. Throws Corrupt for a line that is no JSON, InvalidInput for one that is no object.
void for_each_json_line(std::string_view bytes, const std::string& file,
                        const std::function<void(const Json& row, const std::string& where)>& use);

/// The text of a field; throws InvalidInput naming `where`, the field and what is there.
std::string text_of_field(const Json& row, std::string_view field, std::string_view where);

}  // namespace vitrine::recipes
