// data/shop_file.h - a shop's own file, whose texts can be filled in and which stays byte for byte
// otherwise.
//
// Any file that ProductReader reads and that has places for texts: tables (CSV, TSV, 淘宝助理,
// Shopify, Merchant Center, workbooks), JSON (lines, arrays, documents), XML feeds, and an archive
// that holds one of these. Each format has fields that may change and no others;
// docs/formats/shop_files.md has the list. The file is held in memory.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/import.h"

namespace vitrine::data {

struct ShopFileConfig {
  ImportConfig reader;
  std::vector<std::string> columns;

  void describe(FieldVisitor& v) {
    reader.describe(v);
    v.field("columns", columns, "columns that take the texts, description=文案,title=标题; a column that is not there is added at the end");
  }
};

/// One product of the file.
struct ShopRow {
  int64_t row = 0;  // where it stands; in a JSON array or XML feed its number
  Product product;
  /// Names the row also when other cells change: its own id, else row-N (an id that was made of the
  /// file's hash is another one then).
  std::string lasting_id;
};

class ShopFile {
 public:
  /// "-" = standard input. Throws what ProductReader throws; UsageError for a column that the format
  /// does not let change; Corrupt when a text cannot be read and written back unharmed.
  static ShopFile read(const std::filesystem::path& path, const ShopFileConfig& config);
  /// The same for bytes in memory, unpacked; `name` as in read_products_from.
  static ShopFile read_from(std::string bytes, std::string_view name, const ShopFileConfig& config = {});
  ~ShopFile();
  ShopFile(ShopFile&&) noexcept;
  ShopFile& operator=(ShopFile&&) noexcept;

  const std::string& format() const;  // as ProductReader::format
  std::string encoding() const;       // for people
  const std::string& sha256() const;  // of the unpacked bytes as they were read
  const ImportReport& report() const;
  const std::vector<ShopRow>& rows() const;

  /// Whether the file has a place for a field: title, short_title, description, seo_title, …
  bool has_field(std::string_view field) const;
  std::vector<std::string> fields() const;
  /// The column, member or element that holds the field.
  std::string column_of(std::string_view field) const;
  /// What the bytes are: "table", "xlsx", "xml", "json", or "zip" for an archive around one of these.
  std::string kind() const;
  /// What stands in the field of a row now, decoded; empty = nothing. REQUIRES: has_field.
  std::string text(size_t row, std::string_view field) const;
  /// Whether nothing stands there that can be seen: blanks alone are empty for `import` too. REQUIRES: has_field.
  bool is_blank(size_t row, std::string_view field) const;
  /// Whether the place cannot take a text: a formula of a workbook, which its calcChain names.
  bool is_fixed(size_t row, std::string_view field) const;
  /// What a text becomes in the file: markup where the field holds HTML, an apostrophe before a sign
  /// that a spreadsheet would take for a formula. `text` gives exactly this after `set`.
  std::string stored_form(std::string_view field, std::string_view plain) const;
  /// Whether stored texts are markup.
  bool is_html(std::string_view field) const;
  /// Fills the field with a stored form. REQUIRES: has_field, not is_fixed. Throws InvalidInput when the
  /// encoding cannot hold it.
  void set(size_t row, std::string_view field, std::string stored);

  /// The file now, unpacked; without a `set` the bytes that were read.
  std::string bytes() const;

 private:
  struct State;
  explicit ShopFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vitrine::data
