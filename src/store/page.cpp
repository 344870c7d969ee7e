#include "store/page.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace vitrine::store {
namespace {

size_t code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// %word% for LIKE … ESCAPE '\'.
std::string pattern_of(std::string_view word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

/// A phrase of FTS5.
std::string phrase_of(std::string_view word) {
  std::string phrase = "\"";
  for (const char c : word) phrase += c == '"' ? "\"\"" : std::string(1, c);
  return phrase + "\"";
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  const auto take = [&](size_t end) {
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  };
  constexpr std::string_view kWide = "\u3000";
  for (size_t at = 0; at < text.size();) {
    const bool wide = text.substr(at).starts_with(kWide);
    const size_t size = wide ? kWide.size() : 1;
    if (wide || text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
      take(at);
      begin = at + size;
    }
    at += size;
  }
  take(text.size());
  return words;
}

}  // namespace

int64_t parse_cursor(std::string_view cursor) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
  VITRINE_REQUIRE(code == std::errc() && end == cursor.data() + cursor.size() && number >= 0,
                  "[page] cursor: expected the `next` of a page, got ", cursor);
  return number;
}

void require_limit(int limit) {
  VITRINE_REQUIRE(limit >= 1 && limit <= kMaxPage, "[page] limit: expected 1 to ", kMaxPage,
                  ", got ", limit);
}

void add_page(Sql& sql, std::string_view column, bool newest_first, const PageRequest& request) {
  require_limit(request.limit);
  if (!request.cursor.empty())
    sql.add(concat(" AND ", column, newest_first ? " < " : " > "), parse_cursor(request.cursor));
  sql.add(concat(" ORDER BY ", column, newest_first ? " DESC" : "", " LIMIT "), request.limit + 1);
}

void add_search(Sql& sql, const Dialect& dialect, std::string_view table, std::string_view index,
                std::string_view words) {
  for (const std::string_view word : split_words(words)) {
    if (dialect.is_sqlite && code_points(word) >= 3) {
      sql.add(
          concat(" AND ", table, ".seq IN (SELECT rowid FROM ", index, " WHERE ", index, " MATCH "),
          phrase_of(word));
      sql.add(")");
    } else {
      sql.add(concat(" AND ", table, ".search_text ", dialect.contains, " "), pattern_of(word));
      sql.add(" ESCAPE '\\'");
    }
  }
}

}  // namespace vitrine::store
