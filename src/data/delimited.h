// data/delimited.h - rows of CSV and TSV as RFC 4180 has them, from UTF-8 text in memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::data {

inline constexpr size_t kMaxRowBytes = size_t{1} << 20;
inline constexpr size_t kMaxFieldBytes = size_t{256} << 10;

struct DelimitedRow {
  int64_t line = 0;               // line where the row starts, from 1
  std::vector<std::string> cells;
  std::string_view raw;           // the row's text without its line end
  std::string_view problem;       // empty, or BAD_QUOTE | TOO_LARGE: the cells are not to be used
};

/// Reads row by row; blank lines are passed over. A cell in quotes may hold separators, line ends and doubled quotes;
/// a quote inside a bare cell is a character. A quote that is never closed, text behind a closing quote, or a
/// row or cell over its limit spoils that line alone: reading goes on with the line after it.
/// The text must outlive the reader.
class DelimitedReader {
 public:
  DelimitedReader(std::string_view text, char separator) : text_(text), separator_(separator) {}
  /// False at the end.
  bool next(DelimitedRow& row);

 private:
  bool skip_blank_lines();
  std::string_view read_cells(DelimitedRow& row, size_t& at) const;
  std::string_view read_quoted(std::string& cell, size_t& at, size_t row_begin) const;
  void read_bare(std::string& cell, size_t& at) const;
  bool at_line_end(size_t at) const;

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace vitrine::data
