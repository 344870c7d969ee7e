#include "data/delimited.h"

#include <algorithm>

namespace vitrine::data {
namespace {

size_t line_end_length(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
}

}  // namespace

bool DelimitedReader::at_line_end(size_t at) const {
  if (at >= text_.size() || text_[at] == '\n') return true;
  return text_[at] == '\r' && (at + 1 == text_.size() || text_[at + 1] == '\n');
}

bool DelimitedReader::skip_blank_lines() {
  while (at_ < text_.size() && at_line_end(at_)) {
    at_ += line_end_length(text_, at_);
    ++line_;
  }
  return at_ < text_.size();
}

void DelimitedReader::read_bare(std::string& cell, size_t& at) const {
  const size_t begin = at;
  while (!at_line_end(at) && text_[at] != separator_) ++at;
  cell = text_.substr(begin, at - begin);
}

/// From the opening quote to behind the closing one. Returns a problem or nothing.
std::string_view DelimitedReader::read_quoted(std::string& cell, size_t& at, size_t row_begin) const {
  for (++at;; ++at) {
    if (at >= text_.size()) return "BAD_QUOTE";
    if (at - row_begin > kMaxRowBytes) return "TOO_LARGE";
    if (text_[at] == '"') {
      if (at + 1 >= text_.size() || text_[at + 1] != '"') break;
      ++at;
    }
    cell += text_[at];
  }
  ++at;
  return at_line_end(at) || text_[at] == separator_ ? "" : "BAD_QUOTE";
}

std::string_view DelimitedReader::read_cells(DelimitedRow& row, size_t& at) const {
  const size_t begin = at;
  while (true) {
    std::string& cell = row.cells.emplace_back();
    if (at < text_.size() && text_[at] == '"') {
      const std::string_view problem = read_quoted(cell, at, begin);
      if (!problem.empty()) return problem;
    } else {
      read_bare(cell, at);
    }
    if (cell.size() > kMaxFieldBytes || at - begin > kMaxRowBytes) return "TOO_LARGE";
    if (at_line_end(at)) return "";
    ++at;  // the separator
  }
}

bool DelimitedReader::next(DelimitedRow& row) {
  row = {};
  if (!skip_blank_lines()) return false;
  row.line = line_;
  size_t end = at_;
  row.problem = read_cells(row, end);
  if (!row.problem.empty()) {
    row.cells.clear();
    end = at_;
    while (!at_line_end(end)) ++end;
  }
  row.raw = text_.substr(at_, end - at_);
  line_ += 1 + std::count(row.raw.begin(), row.raw.end(), '\n');
  at_ = end + line_end_length(text_, end);
  return true;
}

}  // namespace vitrine::data
