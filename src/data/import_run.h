// data/import_run.h - the state of one file's import, shared by the readers of its row formats. Internal to the room.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "data/column_mapping.h"
#include "data/columns.h"
#include "data/delimited.h"
#include "data/id_set.h"
#include "data/product_reader.h"
#include "data/text_window.h"

namespace vitrine::data {

class ImportRun {
 public:
  /// Throws what parse_column_mapping and PropertyTable::load throw.
  ImportRun(std::string file, std::string file_sha256, const ImportConfig& config);

  const std::string& file() const { return file_; }
  const std::string& format() const { return format_; }
  void set_format(std::string format) { format_ = std::move(format); }
  /// null = no ids are known.
  const PropertyTable* properties() const { return properties_ ? &*properties_ : nullptr; }

  /// Where a table's header ends (its last line) and what its columns are.
  void set_header(int64_t line, std::vector<Column> columns) {
    header_line_ = line;
    columns_ = std::move(columns);
  }
  int64_t header_line() const { return header_line_; }
  const std::vector<Column>& columns() const { return columns_; }
  /// The table's own name of a field's column; the field where there is none.
  std::string header_of(std::string_view field) const;

  /// What was mapped by hand: now, else before for this shop and header. Throws InvalidInput for a
  /// column that is not there.
  ColumnMapping mapping_for(std::span<const std::string> headers);
  /// The same for a row that may be the header; columns that are not there are none of its faults.
  ColumnMapping mapping_for_search(std::span<const std::string> headers) const;
  /// Keeps what was mapped now for the next file of this header.
  void remember_mapping() const;

  /// Each row ends in one of these two; keep rejects what is no product.
  ProductRow keep(RowTarget target);
  ProductRow reject(int64_t row, std::string_view column, std::string_view code,
                    std::string_view value, std::string_view id = "") const;
  /// The same with what was noted of the row before, and its id.
  ProductRow reject(RowTarget target, std::string_view column, std::string_view code,
                    std::string_view value) const;

  /// About a row that is no product, such as the header.
  void warn(int64_t row, std::string_view column, std::string_view code, std::string_view value);
  /// Lines that end in a carriage return alone, of which this one is the first.
  void warn_of_returns(int64_t row) { warn(row, "", "CR_LINE_ENDS", kReturnsAlone); }
  const std::vector<ImportEntry>& warnings() const { return warnings_; }

 private:
  std::vector<ImportEntry> filed(std::vector<ImportEntry> notes) const;

  std::string file_, file_sha256_, licence_, format_, shop_, fingerprint_;
  std::filesystem::path mappings_, pictures_;
  ColumnMapping mapping_, used_mapping_;
  std::optional<PropertyTable> properties_;
  int64_t header_line_ = 0;
  std::vector<Column> columns_;
  std::vector<ImportEntry> warnings_;
  IdSet ids_;
};

/// The rows of one format, in order of the text.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Nothing at the end.
  virtual std::optional<ProductRow> next() = 0;
};

/// JSON in whatever form: objects one a line, one array of them, or one object that holds them.
/// format: of --format, auto = by the first row. Element numbers stand for lines in an array.
/// `window` and `run` must outlive the reader. Throws ImportRefused (NOT_JSON, TOO_LARGE).
std::unique_ptr<RowReader> json_rows(TextWindow& window, std::string_view format, ImportRun& run);

/// Items of an XML feed, numbered from 1. Throws ImportRefused (NOT_XML).
std::unique_ptr<RowReader> merchant_xml_rows(TextWindow& window, ImportRun& run);

/// How a table is read.
struct TableForm {
  std::string format;     // csv | tsv | xlsx | taobao | shopify | merchant: what was asked for
  char separator = ',';   // for messages; of a workbook '\0'
};
/// A table whose first row, or one of the first rows, is the header; its dialect is found there when
/// format does not name one. Throws ImportRefused (NO_HEADER).
std::unique_ptr<RowReader> table_rows(std::unique_ptr<CellSource> cells, const TableForm& form, ImportRun& run);

// What the dialects of tables share.

/// Why the whole row is rejected, or nothing.
std::string row_problem(const DelimitedRow& row, size_t columns);
std::string problem_value(const DelimitedRow& row, std::string_view code, size_t columns);
/// One cell into the product, cleaned and trimmed.
void apply_cell(const Column& column, std::string_view cell, RowTarget& target);

/// Merchant Center: a structured title or description stands for the plain one that is not there; texts that are too long for it are
/// noted (TOO_LONG, warn; kept).
void finish_merchant_row(RowTarget& target);

std::unique_ptr<RowReader> shopify_rows(std::unique_ptr<CellSource> cells, std::vector<Column> columns, ImportRun& run);

}  // namespace vitrine::data
