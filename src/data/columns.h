// data/columns.h - which column of a shop's table fills which field of a product.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/attribute_keys.h"
#include "data/import_report.h"
#include "data/product.h"

namespace vitrine::data {

/// A shop's names of 淘宝 property and value ids.
struct PropertyTable {
  struct Names {
    std::string key, value;
  };
  /// Columns pid, vid, key, value, parted by tabs; an empty vid names the property alone. Throws
  /// NotFound, Corrupt.
  static PropertyTable load(const std::filesystem::path& file);
  const Names* find(std::string_view pid, std::string_view vid) const;

  std::map<std::pair<std::string, std::string>, Names, std::less<>> names;
};

/// What the cells of one row do to its product, and what there is to report about them.
struct RowTarget {
  Product product;
  int64_t row = 0;
  std::vector<ImportEntry> notes;  // file is filled in later
  const PropertyTable* properties = nullptr;  // null = no ids are known

  void note(std::string_view column, std::string_view code, Severity severity, std::string_view value);
};

/// Whether columns can fill a field of this name.
bool is_column_field(std::string_view field);

/// The header rules: rules/import/columns.tsv and the attribute keys; a dialect's own rows
/// (rules/import/DIALECT.tsv) go before them.
class ColumnRules {
 public:
  /// Throws NotFound or Corrupt when the tables are not there or damaged.
  static ColumnRules load(std::string_view dialect = "");

  /// "id", "title", …, "attribute", or "" for a column nobody knows. Remembers its answers: one
  /// thread at a time.
  std::string field_of(std::string_view header) const;

 private:
  void read(const std::filesystem::path& file);
  std::string look_up(std::string_view header) const;

  std::map<std::string, std::string, std::less<>> fields_;  // folded header -> field
  AttributeKeys keys_;
  mutable std::map<std::string, std::string, std::less<>> answers_;  // header -> field
};

/// Puts a trimmed, non-empty text into the field. Codes: BAD_NUMBER, BAD_PRICE, BAD_URL, ATTR_NO_SEPARATOR, ATTR_EMPTY,
/// GTIN_CHECK; the value is then left out with a warning (BAD_URL: kept; GTIN_CHECK: kept under its header).
void apply_text(std::string_view field, std::string_view header, const std::string& value, RowTarget& target);

/// Values of one name that are kept each under a name of its own.
inline constexpr int kMostBeside = 20;

/// Keeps a value that fills no field under the name of its column, or where that is taken beside it: brand_column, 备注_2. Further ones
/// than kMostBeside stand in a list: 备注_more.
void keep_beside(std::string_view header, Json value, Product& product);

/// Whether a field can be made of a JSON value of this type. Notes one that it cannot be made of (BAD_NUMBER of a number or price, else
/// BAD_FIELD), and a number or true where a text stands (BAD_FIELD), which is taken as it is written.
bool check_type(std::string_view field, std::string_view header, const Json& value, RowTarget& target);

/// The same for a JSON value: objects and lists of pairs for attributes, lists of strings for media, categories and longer texts. What
/// check_type does not take is kept beside.
void apply_json(std::string_view field, const std::string& header, const Json& value, RowTarget& target);

/// The value as a product keeps it: clean_text, and no unsafe markup (data/html_text.h). What was changed is noted:
/// CTRL_REMOVED (repair, with what stood around the first one before and after), HTML_UNSAFE (warn, with what was removed).
std::string clean_value(std::string_view utf8, std::string_view column, RowTarget& target);

/// CRLF to LF, and C0 control characters other than tab and line end removed; a carriage return alone becomes a line end. Sets
/// `removed` when one was.
std::string without_controls(std::string_view utf8, bool& removed);

/// The same in NFC.
std::string clean_text(std::string_view utf8, bool& removed);

/// "before -> after" around the first control character that clean_text takes out of a text: a\\x00b -> ab.
std::string shown_removal(std::string_view utf8);

}  // namespace vitrine::data
