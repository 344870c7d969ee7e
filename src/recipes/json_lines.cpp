#include "recipes/json_lines.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/error.h"

namespace vitrine::recipes {

void for_each_line(const std::filesystem::path& path, const std::function<void(const Json& json, const std::string& where)>& take) {
  const std::string content = read_file_unpacked(path);
  size_t begin = 0;
  for (int64_t row = 1; begin < content.size(); ++row) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view line = std::string_view(content).substr(begin, end - begin);
    begin = end + 1;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string where = concat(path.string(), " row ", row);
    take(parse_json(line, where), where);
  }
}

}  // namespace vitrine::recipes
