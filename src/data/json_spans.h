// data/json_spans.h - where the values of a JSON text stand, so that one can be replaced and the rest
// stays byte for byte.
//
// For texts that a JSON parser has taken: what is not JSON gives broken or empty answers, no fault.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::data {

struct JsonSpan {
  size_t begin = 0, end = 0;  // bytes, half-open

  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

struct JsonMember {
  std::string name;  // escapes resolved
  JsonSpan key, value;
};

/// Behind white space.
size_t skip_json_space(std::string_view text, size_t at);
/// Behind the value that starts at `at`; nothing when the text ends before it does.
std::optional<size_t> json_value_end(std::string_view text, size_t at);

/// Members of the object in `span`, in order; up to the first that is broken.
std::vector<JsonMember> json_members(std::string_view text, JsonSpan span);
/// Elements of the array in `span`.
std::vector<JsonSpan> json_elements(std::string_view text, JsonSpan span);

/// The member of that name (the last one, as parsers take it); null = none.
const JsonMember* find_member(const std::vector<JsonMember>& members, std::string_view name);

}  // namespace vitrine::data
