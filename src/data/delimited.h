// data/delimited.h - rows of cells, and those of CSV and TSV as RFC 4180 has them, from UTF-8 text
// that comes piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/import_report.h"
#include "data/text_window.h"

namespace vitrine::data {

inline constexpr size_t kMaxRowBytes = size_t{1} << 20;
inline constexpr size_t kMaxFieldBytes = size_t{256} << 10;

/// Something to report about one cell of a row.
struct CellNote {
  size_t column_idx = 0;  // from 0
  std::string code;
  Severity severity = Severity::warn;
  std::string value;
};

struct DelimitedRow {
  int64_t line = 0;               // line where the row starts, from 1; of a workbook its row
  uint64_t offset = 0;            // of its first byte in the text; of a workbook 0
  std::vector<std::string> cells;
  std::string_view raw;  // the row's text without its line end, until the next row; of a row that
                         // is TOO_LARGE the start
  std::string_view problem;       // empty, or BAD_QUOTE | TOO_LARGE: the cells are not to be used
  bool ends_in_return = false;    // in a carriage return without a line feed, and more follows
  std::vector<CellNote> notes = {};
};

/// Rows of cells in order, from a text or a workbook.
class CellSource {
 public:
  virtual ~CellSource() = default;
  /// False at the end. `row` need not be new: its cells' memory is used again.
  virtual bool next(DelimitedRow& row) = 0;
};

/// Reads row by row; blank lines are passed over. Lines end in LF, CRLF or CR. A cell in quotes may hold separators, line ends
/// and doubled quotes; a quote inside a bare cell is a character. A quote that is never closed,
/// text behind a closing quote, or a row or cell over its limit spoils that line alone: reading
/// goes on with the line after it. Looks no further ahead than kMaxRowBytes, so its window stays
/// small.
class DelimitedReader : public CellSource {
 public:
  /// The window must outlive the reader, which uses it up.
  DelimitedReader(TextWindow& window, char separator) : window_(window), separator_(separator) {}
  /// False at the end.
  bool next(DelimitedRow& row) override;

 private:
  bool skip_blank_lines();
  void skip_to_line_end(DelimitedRow& row);

  TextWindow& window_;
  char separator_;
  std::string start_;  // of a row whose line was passed over
  int64_t line_ = 1;
};

}  // namespace vitrine::data
