#include "data/table_file.h"

#include "base/error.h"
#include "base/file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

std::vector<std::string> split_cells(std::string_view line) {
  std::vector<std::string> cells;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find('\t', begin), line.size());
    cells.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

bool is_zero_width(char32_t c) { return c == 0xFEFF || c == 0x2060 || (c >= 0x200B && c <= 0x200F); }

}  // namespace

std::vector<TableRow> read_table(const std::filesystem::path& path, const std::vector<std::string>& columns) {
  const std::string text = read_file(path);
  std::vector<TableRow> rows;
  bool header_seen = false;
  int64_t line_number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line(text.data() + begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    auto cells = split_cells(line);
    const bool good = header_seen ? cells.size() <= columns.size() : cells == columns;
    if (!good) throw Corrupt(concat("[read_table] ", path.string(), " line ", line_number, ": expected ", columns.size(), " columns as in the header, got \"", line, "\""));
    cells.resize(columns.size());
    if (header_seen) rows.push_back({line_number, std::move(cells)});
    header_seen = true;
  }
  return rows;
}

std::string fold_name(std::string_view utf8) {
  std::u32string folded;
  for (const char32_t c : text::to_utf32(text::nfkc(utf8))) {
    if (text::is_space(c) || is_zero_width(c)) continue;
    folded += c >= U'A' && c <= U'Z' ? c + 32 : c;
  }
  return text::to_utf8(folded);
}

std::string trim_space(std::string_view utf8) {
  const std::u32string wide = text::to_utf32(utf8);
  size_t begin = 0, end = wide.size();
  while (begin < end && (text::is_space(wide[begin]) || is_zero_width(wide[begin]))) ++begin;
  while (end > begin && (text::is_space(wide[end - 1]) || is_zero_width(wide[end - 1]))) --end;
  return text::to_utf8(std::u32string_view(wide).substr(begin, end - begin));
}

std::vector<std::string> split_any(std::string_view utf8, std::u32string_view separators) {
  const std::u32string wide = text::to_utf32(utf8);
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= wide.size();) {
    const size_t end = std::min(wide.find_first_of(separators, begin), wide.size());
    std::string part = trim_space(text::to_utf8(std::u32string_view(wide).substr(begin, end - begin)));
    if (!part.empty()) parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

}  // namespace vitrine::data
