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

/// The start of a header for a message, whole characters.
std::string shortened(std::string_view raw) {
  size_t size = std::min<size_t>(raw.size(), 120);
  while (size > 0 && size < raw.size() && (static_cast<unsigned char>(raw[size]) & 0xc0) == 0x80) --size;
  return std::string(raw.substr(0, size)) + (size < raw.size() ? "…" : "");
}

[[noreturn]] void refuse_header(const ImportRun& run, const DelimitedRow& row, char separator) {
  const std::string shown = separator == '\t' ? "a tab" : concat("'", separator, "'");
  throw ImportRefused({run.file(), row.line, "", "NO_HEADER", Severity::fatal,
                       concat("no known column in \"", shortened(row.raw), "\", cells parted by ", shown,
                              ": another separator is given by --separator; .xlsx is not read in this version")});
}

/// Fields that hold one value: a second column of the kind does not add to the first.
bool holds_one_value(std::string_view field) {
  constexpr std::string_view kMany[] = {"", "attribute", "attributes", "content", "media_main", "media_detail"};
  return std::find(std::begin(kMany), std::end(kMany), field) == std::end(kMany);
}

/// Columns of one header, or of one field that holds one value.
void warn_of_doubles(const std::vector<Column>& columns, int64_t line, ImportRun& run) {
  for (size_t second = 1; second < columns.size(); ++second) {
    for (size_t first = 0; first < second; ++first) {
      const Column &a = columns[first], &b = columns[second];
      const bool one_header = fold_name(a.header) == fold_name(b.header);
      if (!one_header && !(a.field == b.field && holds_one_value(b.field))) continue;
      run.warn(line, b.header, "DUP_HEADER",
               concat("'", a.header, "' and '", b.header, "', columns ", first + 1, " and ", second + 1, b.field.empty() ? "" : ": both " + b.field));
      break;
    }
  }
}

std::vector<Column> read_header(DelimitedReader& reader, char separator, ImportRun& run) {
  DelimitedRow row;
  reader.next(row);
  const bool readable = row.problem.empty() && text::is_valid_utf8(row.raw);
  if (!readable) refuse_header(run, row, separator);
  const ColumnRules rules = ColumnRules::load();
  std::vector<Column> columns;
  for (const std::string& cell : row.cells) {
    std::string header = trim_space(text::nfc(cell));
    columns.push_back({header, rules.field_of(header)});
  }
  const bool known = std::any_of(columns.begin(), columns.end(), [](const Column& c) { return !c.field.empty(); });
  if (!known) refuse_header(run, row, separator);
  warn_of_doubles(columns, row.line, run);
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
    const std::string value = trim_space(clean_value(row.cells[column_idx], column.header, target));
    apply_text(column.field, column.header, value, target);
  }
  return target;
}

class TableRows : public RowReader {
 public:
  TableRows(TextWindow& window, char separator, ImportRun& run)
      : run_(run), reader_(window, separator), columns_(read_header(reader_, separator, run)) {}

  std::optional<ProductRow> next() override {
    DelimitedRow row;
    if (!reader_.next(row)) return std::nullopt;
    const std::string code = row_problem(row, columns_.size());
    if (code.empty()) return run_.keep(read_row(row, columns_));
    return run_.reject(row.line, "", code, problem_value(row, code, columns_.size()));
  }

 private:
  ImportRun& run_;
  DelimitedReader reader_;
  std::vector<Column> columns_;
};

}  // namespace

std::unique_ptr<RowReader> table_rows(TextWindow& window, char separator, ImportRun& run) {
  return std::make_unique<TableRows>(window, separator, run);
}

}  // namespace vitrine::data
