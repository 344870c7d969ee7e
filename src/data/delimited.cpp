#include "data/delimited.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace vitrine::data {
namespace {

/// A row is judged with this much text behind its start, or with all there is: what goes on beyond
/// is TOO_LARGE.
constexpr size_t kLookAhead = kMaxRowBytes + 16;

/// Bit 7 of the lowest byte of eight that is `byte`, and perhaps of bytes above it; 0 when none is.
uint64_t marks_of(uint64_t eight, char byte) {
  constexpr uint64_t kOnes = 0x0101010101010101U, kHighBits = 0x8080808080808080U;
  const uint64_t zero_where_equal = eight ^ (kOnes * static_cast<unsigned char>(byte));
  return (zero_where_equal - kOnes) & ~zero_where_equal & kHighBits;
}

/// Where the cell without quotes that goes on at `at` ends: at a separator, a line end or the text's end.
size_t end_of_bare_cell(std::string_view text, size_t at, char separator) {
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t eight;
    std::memcpy(&eight, text.data() + at, sizeof eight);
    const uint64_t marks = marks_of(eight, separator) | marks_of(eight, '\n') | marks_of(eight, '\r');
    if (marks != 0) return at + static_cast<size_t>(std::countr_zero(marks)) / 8;
  }
  while (at < text.size() && text[at] != separator && text[at] != '\n' && text[at] != '\r') ++at;
  return at;
}

/// One try to read the cells of the row at the start of a text.
class RowParser {
 public:
  RowParser(std::string_view text, char separator) : text_(text), separator_(separator) {}

  /// The row's strings are used again.
  void read(DelimitedRow& row) {
    row.problem = read_cells(row);
    row.cells.resize(row.problem.empty() ? num_cells_ : 0);
    if (row.problem.empty()) return;
    seen_ = std::max(seen_, at_);
    for (at_ = 0; !at_line_end(); ++at_) {
    }
  }
  /// Bytes of the row without its line end.
  size_t size() const { return at_; }
  size_t line_end_size() const {
    if (at_ >= text_.size()) return 0;
    return text_.substr(at_).starts_with("\r\n") ? 2 : 1;
  }
  /// Whether the row ends in a carriage return that no line feed follows, but something else.
  bool ends_in_return() const { return at_ + 1 < text_.size() && text_[at_] == '\r' && text_[at_ + 1] != '\n'; }
  /// Whether text behind the end could change what was read.
  bool looked_at_end() const { return std::max(seen_, at_) + 2 > text_.size(); }

 private:
  bool at_line_end() const {
    return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r';
  }

  void read_bare(std::string& cell) {
    const size_t begin = at_;
    at_ = end_of_bare_cell(text_, at_, separator_);
    cell = text_.substr(begin, at_ - begin);
  }

  /// From the opening quote to behind the closing one. Returns a problem or nothing.
  std::string_view read_quoted(std::string& cell) {
    for (++at_;; ++at_) {
      const size_t quote = std::min(text_.find('"', at_), std::min(text_.size(), kMaxRowBytes + 1));
      if (quote > at_) {  // all at once up to the next quote
        cell.append(text_, at_, quote - at_);
        at_ = quote;
      }
      if (at_ >= text_.size()) return "BAD_QUOTE";
      if (at_ > kMaxRowBytes) return "TOO_LARGE";
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      cell += text_[at_];
    }
    ++at_;
    return at_line_end() || text_[at_] == separator_ ? "" : "BAD_QUOTE";
  }

  std::string_view read_cells(DelimitedRow& row) {
    while (true) {
      if (num_cells_ == row.cells.size()) row.cells.emplace_back();
      std::string& cell = row.cells[num_cells_++];
      cell.clear();
      if (at_ < text_.size() && text_[at_] == '"') {
        const std::string_view problem = read_quoted(cell);
        if (!problem.empty()) return problem;
      } else {
        read_bare(cell);
      }
      if (cell.size() > kMaxFieldBytes || at_ > kMaxRowBytes) return "TOO_LARGE";
      if (at_line_end()) return "";
      ++at_;  // the separator
    }
  }

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
  size_t num_cells_ = 0;
  size_t seen_ = 0;  // how far a row that is spoilt was read
};

/// Line ends inside the quotes of a row.
int64_t count_line_ends(std::string_view raw) {
  int64_t count = std::count(raw.begin(), raw.end(), '\n');
  for (size_t at = raw.find('\r'); at != std::string_view::npos; at = raw.find('\r', at + 1)) count += !raw.substr(at).starts_with("\r\n");
  return count;
}

}  // namespace

bool DelimitedReader::skip_blank_lines() {
  for (;;) {
    while (window_.text().size() < 2 && window_.more()) {
    }
    const std::string_view text = window_.text();
    if (text.empty()) return false;
    if (text.front() != '\r' && text.front() != '\n') return true;
    window_.drop(text.starts_with("\r\n") ? 2 : 1);
    ++line_;
  }
}

bool DelimitedReader::next(DelimitedRow& row) {
  row.problem = {};
  row.notes.clear();
  if (!skip_blank_lines()) return false;
  row.line = line_;
  row.offset = window_.dropped();
  for (;;) {
    RowParser parser(window_.text(), separator_);
    parser.read(row);
    if (parser.looked_at_end() && window_.text().size() < kLookAhead && window_.more()) {
      continue;
    }
    row.raw = window_.text().substr(0, parser.size());
    row.ends_in_return = parser.ends_in_return();
    line_ += 1 + count_line_ends(row.raw);
    if (parser.looked_at_end()) {
      skip_to_line_end(row);
    } else {
      window_.drop(parser.size() + parser.line_end_size());
    }
    return true;
  }
}

/// Drops the row, whose line may go on behind the window; the row keeps what was read of it.
void DelimitedReader::skip_to_line_end(DelimitedRow& row) {
  start_ = row.raw;
  window_.drop(row.raw.size());
  row.raw = start_;
  for (;;) {
    const std::string_view text = window_.text();
    const size_t end = text.find_first_of("\r\n");
    if (end != std::string_view::npos && text[end] == '\r' && end + 1 == text.size() && window_.more()) continue;
    const size_t line_end = end == std::string_view::npos ? 0 : text.substr(end).starts_with("\r\n") ? 2 : 1;
    window_.drop(std::min(end, text.size()) + line_end);
    if (line_end > 0 || !window_.more()) return;
  }
}

}  // namespace vitrine::data
