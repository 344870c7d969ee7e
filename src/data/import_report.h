// data/import_report.h - what an import rejected, repaired or warned about, with the place of each.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::data {

/// fatal: the file is refused; reject: the row is skipped; repair: a value was changed; warn: a value was left out or looks wrong.
enum class Severity { fatal, reject, repair, warn };
std::string_view to_string(Severity severity);

struct ImportEntry {
  std::string file;
  int64_t row = 0;     // line where the row starts, from 1; 0 = the whole file
  std::string column;  // header or field; empty = the whole row
  std::string code;    // such as ATTR_NO_SEPARATOR; docs/formats/product.md lists them
  Severity severity = Severity::warn;
  std::string value;   // at most 80 code points; a repair holds "before -> after"
  std::string id = {};  // the rejected row's own id, as far as it has one
};

/// What a finding CR_LINE_ENDS says.
inline constexpr std::string_view kReturnsAlone = "lines end in a carriage return alone (old Mac), read as line ends";

Json to_json(const ImportEntry& entry);
/// "shop.csv row 3, 价格: BAD_ROW: '…'" with at most 40 code points of the value; one line.
std::string to_line(const ImportEntry& entry);
/// Line ends and other control characters as escapes: \\n, \\x00.
std::string escaped_line(std::string_view text);
/// Logs each line of a table (ImportSummary::table) as one message that starts with `who`, as warning or for information.
void log_table(std::string_view who, std::string_view table, bool is_warning);

/// The entry with its value cut to 80 code points (invalid bytes become U+FFFD when it is written).
ImportEntry with_short_value(ImportEntry entry);

/// What there is to say about the findings of a file of any size. Call order: (add)* table.
class ImportSummary {
 public:
  void add(const ImportEntry& entry);
  /// How often each code came, by severity: {"reject DUP_ID": 2}.
  const std::map<std::string, int64_t>& counts() const { return counts_; }
  /// One line each for doubled headers, odd line ends and the first rejected rows, "rows in 5, kept 4, rejected
  /// 1", and one line a code.
  std::string table(int64_t rows_in, int64_t rows_rejected) const;

 private:
  std::string first_lines_;
  std::map<std::string, int64_t> counts_;
  int64_t rejects_ = 0;
};

/// One file, or several merged. rows_in = rows_kept + rows_rejected.
struct ImportReport {
  std::vector<ImportEntry> entries;  // in the order of the rows
  int64_t rows_in = 0, rows_kept = 0, rows_rejected = 0;

  /// Adds an entry with_short_value.
  void add(ImportEntry entry);
  void merge(const ImportReport& other);
  /// How often each code came, by severity: {"reject DUP_ID": 2}.
  std::map<std::string, int64_t> counts() const;
  /// One JSON object a line: file, row, column, code, severity, value; id where there is one.
  std::string to_jsonl() const;
  /// As ImportSummary::table.
  std::string table() const;
};

}  // namespace vitrine::data
