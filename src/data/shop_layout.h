// data/shop_layout.h - where the texts of each kind of file stand, and how new ones are written.
// Internal to the room; see data/shop_file.h.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/json_spans.h"
#include "data/product_reader.h"

namespace vitrine::data {

/// Replaces bytes of a text; begin = end inserts.
struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
  size_t order = 0;  // of edits at one place
};

/// The text with the edits made, which must not overlap.
std::string spliced(std::string_view text, std::vector<Edit> edits);

/// Where a field of one row stands.
struct Place {
  JsonSpan span;         // bytes to replace; empty span = insert
  std::string value;     // UTF-8, decoded; what stands there now
  bool is_there = true;  // false: the cell, member or element is to be added
  bool is_formula = false;    // of a sheet: other parts of the workbook speak of the cell, so it stays
  std::string before, after;  // around a new value when it is added
};

struct RowPlaces {
  int64_t row = 0;
  std::vector<Place> places;  // one a field, in the order of the layout's fields
};

struct FieldSpec {
  std::string field;   // description
  std::string column;  // header, member or element
  bool is_html = false;
  bool is_structured = false;  // Merchant Center: with its source type
  bool is_new = false;         // a column that is to be added
  size_t column_idx = 0;       // of a table
};

/// How the bytes of a file stand for text that rows are found in.
enum class TextForm { utf8, utf8_bom, gb18030, utf16le, utf16be };

/// One kind of file. The text outlives it.
class ShopLayout {
 public:
  virtual ~ShopLayout() = default;
  std::vector<FieldSpec> fields;
  /// Rows in the order of ProductReader.
  std::vector<RowPlaces> rows;
  /// Gives the columns that are to be added their places, when these fields get texts; what must be
  /// changed once for all of them. Called before the edits of a file, each time anew.
  virtual std::vector<Edit> place_columns(const std::vector<size_t>& field_idxs) {
    (void)field_idxs;
    return {};
  }
  /// What must be changed once for a row (of `rows`) that gets texts of these fields.
  virtual std::vector<Edit> row_edits(size_t row_idx, const std::vector<size_t>& field_idxs) const {
    (void)row_idx, (void)field_idxs;
    return {};
  }
  /// What must be changed besides, when a field gets its first text (a header cell).
  virtual std::vector<Edit> first_edits(size_t field_idx) const = 0;
  /// The bytes for a stored text at a place.
  virtual std::string encoded(size_t field_idx, const Place& place, std::string_view stored) const = 0;
};

struct LayoutInput {
  std::string_view text;  // without BOM, in its form
  TextForm form = TextForm::utf8;
  const ProductReader& reader;
  char separator = ',';
  /// field -> column of --columns
  std::map<std::string, std::string, std::less<>> columns;
};

std::unique_ptr<ShopLayout> table_layout(const LayoutInput& input);
std::unique_ptr<ShopLayout> json_layout(const LayoutInput& input);
std::unique_ptr<ShopLayout> xml_layout(const LayoutInput& input);
/// `input.text` is the sheet's XML; values: decoded texts of its rows, by row and column; tables: ranges that new columns stay out of.
std::unique_ptr<ShopLayout> sheet_layout(const LayoutInput& input, std::map<int64_t, std::vector<std::string>> values, const std::vector<std::string>& tables);

/// The fields of a table's or sheet's columns, new columns after the others.
std::vector<FieldSpec> table_fields(const LayoutInput& input);

/// UTF-16 as UTF-8 in which lone surrogates stay, as three bytes each, and back: any even number of
/// bytes comes back as it was.
std::string utf16_to_text(std::string_view bytes, bool big_endian);
std::string text_to_utf16(std::string_view text, bool big_endian);

}  // namespace vitrine::data
