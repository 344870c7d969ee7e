#include "checks/tsv_rules.h"

#include "base/error.h"
#include "base/file.h"
#include "text/utf8.h"

namespace vitrine::checks {

const std::string& RuleRow::at(std::string_view column) const {
  static const std::string none;
  const auto found = cells.find(column);
  return found == cells.end() ? none : found->second;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return pieces;
}

RuleFile read_rule_file(const std::filesystem::path& file) {
  RuleFile result;
  std::vector<std::string> header;
  int64_t line_number = 0;
  std::string bytes = read_file(file);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);  // as spreadsheets write it
  for (const std::string& line : split(bytes, '\n')) {
    ++line_number;
    VITRINE_REQUIRE(text::is_valid_utf8(line), "[read_rule_file] ", file.string(), " line ", line_number,
                    ": expected UTF-8, got other bytes");
    if (line.starts_with("# version\t")) result.version = line.substr(10);
    if (line.empty() || line.front() == '#') continue;
    const auto cells = split(line, '\t');
    if (header.empty()) {
      header = cells;
      continue;
    }
    VITRINE_REQUIRE(cells.size() <= header.size() && !cells[0].empty(), "[read_rule_file] ", file.string(), " line ", line_number,
                    ": expected ", header.size(), " cells and a first one that is not empty, got ", line);
    RuleRow row{.line = line_number, .cells = {}};
    for (size_t column = 0; column < cells.size(); ++column) row.cells[header[column]] = cells[column];
    result.rows.push_back(std::move(row));
  }
  VITRINE_REQUIRE(!result.rows.empty(), "[read_rule_file] ", file.string(), " line ", line_number,
                  ": expected a header row and at least one row, got none");
  return result;
}

}  // namespace vitrine::checks
