#include "base/python_json.h"

#include <string>

#include "base/file.h"

namespace vitrine {
namespace {

constexpr std::string_view kNumbers[] = {"-Infinity", "Infinity", "NaN"};

/// The one of kNumbers that `text` begins with; empty = none.
std::string_view number_at(std::string_view text) {
  for (const std::string_view number : kNumbers) {
    if (text.starts_with(number)) return number;
  }
  return {};
}

std::string quoted(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const std::string_view number = in_string ? std::string_view() : number_at(text.substr(i));
    if (!number.empty()) {
      out += '"' + std::string(number) + '"';
      i += number.size();
      continue;
    }
    if (in_string && text[i] == '\\' && i + 1 < text.size()) {
      out += text[i++];
    } else if (text[i] == '"') {
      in_string = !in_string;
    }
    out += text[i++];
  }
  return out;
}

}  // namespace

Json parse_python_json(std::string_view text, std::string_view where) {
  return parse_json(quoted(text), where);
}

Json read_python_json_file(const std::filesystem::path& path) {
  return parse_python_json(read_file(path), path.string());
}

}  // namespace vitrine
