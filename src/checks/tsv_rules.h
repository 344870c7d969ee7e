// checks/tsv_rules.h - a rule file: comment lines "# name<TAB>value", a header row, rows with columns by name.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::checks {

struct RuleRow {
  int64_t line = 0;  // from 1
  std::map<std::string, std::string, std::less<>> cells;
  /// The cell of a column, or "" where the file has no such column.
  const std::string& at(std::string_view column) const;
};

struct RuleFile {
  std::string version;  // of the line "# version"
  std::vector<RuleRow> rows;
};

/// Throws NotFound, or InvalidInput naming file and line for a row with more cells than the header, an empty first cell, a line that is
/// not UTF-8, or a file without rows.
RuleFile read_rule_file(const std::filesystem::path& file);

/// Pieces between `separator`; no piece for an empty text.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace vitrine::checks
