// data/shop_file.h - a shop's own file, whose texts can be filled in and which stays byte for byte
// otherwise.
//
// Any file that ProductReader reads and that has places for texts: tables (CSV, TSV, 淘宝助理,
// Shopify, Merchant Center, workbooks), JSON (lines, arrays, documents), XML feeds, and an archive
// that holds one of these. Each format has fields that may change and no others; docs/shop_files.md
// has the list. Rows come one by one and texts go back in one by one, so that memory does not grow
// with the file, with the exceptions of ProductReader. Archives and workbooks are in memory,
// packed, and when they are written their table twice, unpacked: at most kMaxArchivedTableBytes of
// it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/import.h"

namespace vitrine::data {

/// A table inside an archive, or a sheet of a workbook, of more unpacked bytes is refused
/// (TOO_LARGE).
inline constexpr uint64_t kMaxArchivedTableBytes = uint64_t{256} << 20;
/// So is an archive or workbook of more bytes, packed.
inline constexpr uint64_t kMaxArchiveBytes = uint64_t{512} << 20;

struct ShopFileConfig {
  ImportConfig reader;
  std::vector<std::string> columns;

  void describe(FieldVisitor& v) {
    reader.describe(v);
    v.field(
        "columns", columns,
        "columns that take the texts, description=文案,title=标题; a column that is not there is "
        "added at the end");
  }
};

struct RowPlaces;

/// One row of the file: a product, or why there is none.
struct ShopRow {
  int64_t row = 0;                    // where it stands; in a JSON array or XML feed its number
  std::optional<Product> product;     // none = the row is rejected and stays as it is
  std::vector<ImportEntry> findings;  // as of ProductRow
  /// Names the row also when other cells change: its own id, else row-N (an id that was made of the
  /// file's hash is another one then).
  std::string lasting_id;
  std::shared_ptr<const RowPlaces> places;  // null = no text can go into it
  int64_t place_idx = 0;                    // its number among the rows that have places, from 0
};

/// A text for one row.
struct ShopText {
  int64_t place_idx = 0;
  size_t field_idx = 0;  // in ShopFile::fields()
  std::string stored;    // a stored form
};

/// Gives texts in order of their rows; nothing at the end.
using NextShopText = std::function<std::optional<ShopText>()>;

/// Call order: (next)* to the end, then write as often as wanted. Not thread-safe.
class ShopFile {
 public:
  /// "-" = standard input. Throws what ProductReader throws; UsageError for a column that the
  /// format does not let change and for JSON or XML in an encoding that is not written back.
  explicit ShopFile(const std::filesystem::path& path, const ShopFileConfig& config = {});
  /// The same for bytes in memory, unpacked; `name` as in read_products_from.
  static ShopFile in_memory(std::string bytes, std::string_view name,
                            const ShopFileConfig& config = {});
  ~ShopFile();
  ShopFile(ShopFile&&) noexcept;
  ShopFile& operator=(ShopFile&&) noexcept;

  /// Nothing at the end. Throws as ProductReader::next.
  std::optional<ShopRow> next();

  const std::string& format()
      const;                     // as ProductReader::format: of JSON known with the first product
  std::string encoding() const;  // for people
  const std::string& sha256() const;  // of the unpacked bytes as they were read
  /// As of ProductReader; all of them behind the last row.
  const std::vector<ImportEntry>& file_findings() const;
  /// What the bytes are: "table", "xlsx", "xml", "json", or "zip" for an archive around one of
  /// these.
  std::string kind() const;

  // Of JSON the fields are known with the first product.

  /// Whether the file has a place for a field: title, short_title, description, seo_title, …
  bool has_field(std::string_view field) const;
  std::vector<std::string> fields() const;
  /// The column, member or element that holds the field.
  std::string column_of(std::string_view field) const;
  /// What stands in the field of a row, decoded; empty = nothing. REQUIRES: has_field, row.places.
  std::string text(const ShopRow& row, std::string_view field) const;
  /// Whether nothing stands there that can be seen: blanks alone are empty for `import` too.
  /// REQUIRES: as text.
  bool is_blank(const ShopRow& row, std::string_view field) const;
  /// Whether the place cannot take a text: a formula of a workbook, which its calcChain names.
  /// REQUIRES: as text.
  bool is_fixed(const ShopRow& row, std::string_view field) const;
  /// What a text becomes in the file: markup where the field holds HTML, an apostrophe before a
  /// sign that a spreadsheet would take for a formula. `text` gives exactly this of the file that
  /// is written.
  std::string stored_form(std::string_view field, std::string_view plain) const;
  /// Whether stored texts are markup.
  bool is_html(std::string_view field) const;

  /// Whether a place can hold a stored text: a cell of a workbook takes 32,767 UTF-16 units.
  /// REQUIRES: has_field.
  bool fits(std::string_view field, std::string_view stored) const;

  /// A text for one place. REQUIRES: as is_fixed, which it must not be; valid UTF-8.
  ShopText place(const ShopRow& row, std::string_view field, std::string stored) const;

  /// Hands `out` the file with the texts, unpacked, piece by piece; without texts the bytes that
  /// were read. field_idxs: those that get a text anywhere. REQUIRES: all rows were read. Throws
  /// Corrupt when the file is another one than at first; what `out` and `texts` throw.
  void write(const std::vector<size_t>& field_idxs, const NextShopText& texts,
             const std::function<void(std::string_view)>& out) const;

 private:
  struct State;
  explicit ShopFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace vitrine::data
