#include "recipes/json_lines.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::recipes {

void for_each_json_line(std::string_view bytes, const std::string& file,
                        const std::function<void(const Json& row, const std::string& where)>& use) {
  int64_t number = 1;
  for (size_t at = 0; at < bytes.size(); ++number) {
    const size_t end = std::min(bytes.find('\n', at), bytes.size());
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = concat(file, " row ", number);
    const Json row = parse_json(line, where);
    VITRINE_REQUIRE(row.is_object(), where, ": expected an object, got ", row.type_name());
    use(row, where);
  }
}

std::string text_of_field(const Json& row, std::string_view field, std::string_view where) {
  const auto found = row.find(field);
  VITRINE_REQUIRE(found != row.end() && found->is_string(), where, ": ", field,
                  ": expected a text, got ",
                  found == row.end() ? "nothing" : dump_line(*found).substr(0, 80));
  return found->get<std::string>();
}

}  // namespace vitrine::recipes
