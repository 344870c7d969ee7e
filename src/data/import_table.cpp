// Rows of CSV and TSV under a header.
#include <algorithm>

#include "data/delimited.h"
#include "data/import_run.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

struct Column {
  std::string header;
  std::string field;  // of ColumnRules
};

[[noreturn]] void refuse_header(const ImportRun& run, const DelimitedRow& row) {
  throw ImportRefused({run.file(), row.line, "", "NO_HEADER", Severity::fatal,
                       concat("no known column in \"", row.raw.substr(0, 200), "\"")});
}

std::vector<Column> read_header(DelimitedReader& reader, const ImportRun& run) {
  DelimitedRow row;
  reader.next(row);
  const bool readable = row.problem.empty() && text::is_valid_utf8(row.raw);
  if (!readable) refuse_header(run, row);
  const ColumnRules rules = ColumnRules::load();
  std::vector<Column> columns;
  for (const std::string& cell : row.cells) {
    std::string header = trim_space(text::nfc(cell));
    columns.push_back({header, rules.field_of(header)});
  }
  const bool known = std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.field.empty(); });
  if (!known) refuse_header(run, row);
  return columns;
}

/// Why the whole row is rejected, or nothing.
std::string row_problem(const DelimitedRow& row, size_t columns) {
  if (!row.problem.empty()) return std::string(row.problem);
  if (!text::is_valid_utf8(row.raw)) return "ENC_BAD_SEQ";
  return row.cells.size() == columns ? "" : "COLS_MISMATCH";
}

std::string problem_value(const DelimitedRow& row, std::string_view code, size_t columns) {
  if (code == "COLS_MISMATCH") return concat(row.cells.size(), " cells, header has ", columns);
  return std::string(row.raw.substr(0, 400));
}

RowTarget read_row(const DelimitedRow& row, const std::vector<Column>& columns) {
  RowTarget target;
  target.row = row.line;
  for (size_t column_idx = 0; column_idx < columns.size(); ++column_idx) {
    const Column& column = columns[column_idx];
    bool removed = false;
    const std::string value = trim_space(clean_text(row.cells[column_idx], removed));
    if (removed) target.note(column.header, "CTRL_REMOVED", Severity::repair, value);
    apply_text(column.field, column.header, value, target);
  }
  return target;
}

}  // namespace

void import_table(std::string_view utf8, char separator, ImportRun& run) {
  DelimitedReader reader(utf8, separator);
  const std::vector<Column> columns = read_header(reader, run);
  DelimitedRow row;
  while (reader.next(row)) {
    const std::string code = row_problem(row, columns.size());
    if (code.empty()) run.keep(read_row(row, columns));
    else run.reject(row.line, "", code, problem_value(row, code, columns.size()));
  }
}

}  // namespace vitrine::data
