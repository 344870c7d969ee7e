#include "data/table_file.h"

#include <algorithm>
#include <array>

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

namespace {

/// Bytes of the character that begins at `at`, as its first byte says.
size_t character_size(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  return std::min<size_t>(lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4, text.size() - at);
}

bool is_blank(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x80) return text::is_space(static_cast<char32_t>(lead));
  if (lead >= 0xe4 && lead <= 0xe9) return false;  // ideographs
  const char32_t c = text::to_utf32(character).front();
  return text::is_space(c) || is_zero_width(c);
}

}  // namespace

std::string trim_space(std::string_view utf8) {
  while (!utf8.empty() && is_blank(utf8.substr(0, character_size(utf8, 0)))) utf8.remove_prefix(character_size(utf8, 0));
  while (!utf8.empty()) {
    size_t last = utf8.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(utf8[last]) & 0xc0) == 0x80) --last;
    if (!is_blank(utf8.substr(last))) break;
    utf8.remove_suffix(utf8.size() - last);
  }
  return std::string(utf8);
}

std::vector<std::string> split_any(std::string_view utf8, std::u32string_view separators) {
  std::vector<std::string> parts;
  const std::string signs = text::to_utf8(separators);
  std::array<bool, 256> may_begin_sign{};
  for (const char c : signs) may_begin_sign[static_cast<unsigned char>(c)] = true;
  const auto take = [&](std::string_view piece) {
    std::string part = trim_space(piece);
    if (!part.empty()) parts.push_back(std::move(part));
  };
  size_t begin = 0;
  for (size_t at = 0; at < utf8.size();) {
    const size_t sign = at;
    at += character_size(utf8, at);
    if (!may_begin_sign[static_cast<unsigned char>(utf8[sign])] || signs.find(utf8.substr(sign, at - sign)) == std::string::npos) continue;
    take(utf8.substr(begin, sign - begin));
    begin = at;
  }
  take(utf8.substr(begin));
  return parts;
}

}  // namespace vitrine::data
