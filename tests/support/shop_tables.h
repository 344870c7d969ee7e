// support/shop_tables.h - generated shop files with whatever a shop may write into them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace vitrine::test {

class ShopTables {
 public:
  explicit ShopTables(uint64_t seed) : random_(RandomKey(seed)) {}

  size_t below(size_t n) { return random_.below(n); }

  /// A value with quotes, line ends, tabs, emoji, signs of formulas and markup, or nothing.
  std::string value() {
    static const std::vector<std::string> kPieces = {"裙", "a", "\"", ",", "\n", "\t", "😀", " ", "=1", "'", ";", "\r\n", "é", "\\", "<b>", "&amp;", "：", "100", "{", "]"};
    std::string text;
    for (size_t n = below(7); n > 0; --n) text += kPieces[below(kPieces.size())];
    return text;
  }

  /// A cell, in quotes where it must be and sometimes where it need not.
  std::string cell(std::string_view value, char separator) {
    const bool must = value.find_first_of("\"\n\r") != std::string_view::npos || value.find(separator) != std::string_view::npos;
    if (!must && below(4) > 0) return std::string(value);
    std::string out = "\"";
    for (const char c : value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
  }

  /// The first column holds ids, the second a text that is never empty; line ends of both kinds may be mixed.
  std::string table(const std::vector<std::string>& headers, size_t rows, char separator) {
    const std::string end = below(2) == 0 ? "\n" : "\r\n";
    std::string out;
    for (size_t row = 0; row <= rows; ++row) {
      for (size_t column = 0; column < headers.size(); ++column) {
        if (column > 0) out += separator;
        const std::string text = row == 0 ? headers[column] : column == 0 ? "id" + std::to_string(row) : column == 1 ? "标题" + value() : value();
        out += cell(text, separator);
      }
      if (row < rows || below(3) > 0) out += below(20) == 0 ? "\n" : end;
    }
    return out;
  }

 private:
  RandomStream random_;
};

}  // namespace vitrine::test
