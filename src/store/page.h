// store/page.h - long lists, page by page, and the statements that read them.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/connection.h"

namespace vitrine::store {

struct PageRequest {
  std::string cursor;  // `next` of the page before; empty = the first page
  int limit = 50;      // 1..kMaxPage
};
inline constexpr int kMaxPage = 1000;

template <typename Record>
struct Page {
  std::vector<Record> items;
  std::string next;  // empty = this is the last page
};

/// A statement that is put together from constant parts and bound values.
class Sql {
 public:
  explicit Sql(std::string_view text) : text_(text) {}

  /// Appends the text alone.
  Sql& add(std::string_view text) {
    text_ += text;
    return *this;
  }
  /// Appends the text and the value behind it: add(" AND kind = ", kind).
  template <typename T>
  Sql& add(std::string_view text, const T& value) {
    values_.push_back(to_value(value));
    text_ += text;
    text_ += '$';
    text_ += std::to_string(values_.size());
    return *this;
  }
  Statement query(Connection& connection) const { return connection.query_values(text_, values_); }

 private:
  std::string text_;
  std::vector<Value> values_;
};

/// " AND column > $n ORDER BY column LIMIT $m" (or < and DESC) for a cursor that is a number; one
/// row more than asked for tells whether there is a next page. Throws InvalidInput for a cursor
/// that no page gave, and for a limit out of range.
void add_page(Sql& sql, std::string_view column, bool newest_first, const PageRequest& request);

/// Reads such rows: `read(statement, record)` fills the record and returns the row's number.
template <typename Record, typename ReadRow>
Page<Record> read_page(Statement rows, int limit, ReadRow read) {
  Page<Record> page;
  int64_t last = 0;
  while (rows.step()) {
    if (page.items.size() == static_cast<size_t>(limit)) {
      page.next = std::to_string(last);
      break;
    }
    last = read(rows, page.items.emplace_back());
  }
  return page;
}

/// The number of a cursor. Throws InvalidInput.
int64_t parse_cursor(std::string_view cursor);
void require_limit(int limit);

/// Rows whose `search_text` holds every word of `words` (parted by spaces), without regard to the
/// case of ASCII letters. `table` is the name or alias in the statement, `index` SQLite's table of
/// trigrams; a word of one or two characters, which has no trigram, and PostgreSQL read the texts.
void add_search(Sql& sql, const Dialect& dialect, std::string_view table, std::string_view index,
                std::string_view words);

}  // namespace vitrine::store
