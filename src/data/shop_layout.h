// data/shop_layout.h - where the texts of each kind of file stand, row by row, and how new ones are
// written. Internal to the room; see data/shop_file.h.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/delimited.h"
#include "data/json_spans.h"
#include "data/product_reader.h"
#include "data/shop_text.h"
#include "data/text_window.h"

namespace vitrine::data {

/// Replaces bytes of a text; begin = end inserts.
struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
  size_t order = 0;  // of edits at one place
};

/// Where a field of one row stands.
struct Place {
  JsonSpan span;         // bytes to replace; empty span = insert
  std::string value;     // UTF-8, decoded; what stands there now
  bool is_there = true;  // false: the cell, member or element is to be added
  bool is_formula =
      false;  // of a sheet: other parts of the workbook speak of the cell, so it stays
  std::string before, after;  // around a new value when it is added
};

struct RowPlaces {
  int64_t row = 0;
  bool is_header = false;  // a line of a table's header, which holds no product
  JsonSpan spans;          // of a sheet: where the row says which columns have cells; may be empty
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

/// One kind of file, read once from its first row to its last. Two layouts of one file give the
/// same rows. Call order: [place_columns] (next, and for the row that it gave the others)*.
class ShopLayout {
 public:
  virtual ~ShopLayout() = default;
  std::vector<FieldSpec> fields;
  /// The next row in the order of ProductReader, or a line of the header. False at the end.
  virtual bool next(RowPlaces& row) = 0;
  /// Gives the columns that are to be added their places, when these fields get texts; what must be
  /// changed once for all of them, before any row.
  virtual std::vector<Edit> place_columns(const std::vector<size_t>& field_idxs) {
    (void)field_idxs;
    return {};
  }
  /// What must be changed in every row, and in the header, when a field gets texts anywhere.
  virtual std::vector<Edit> frame_edits(size_t field_idx, const RowPlaces& row) const {
    (void)field_idx, (void)row;
    return {};
  }
  /// What must be changed once in a row that gets texts, or a header that gets columns, of these
  /// fields.
  virtual std::vector<Edit> row_edits(const RowPlaces& row,
                                      const std::vector<size_t>& field_idxs) const {
    (void)row, (void)field_idxs;
    return {};
  }
  /// The bytes for a stored text at a place.
  virtual std::string encoded(size_t field_idx, const Place& place,
                              std::string_view stored) const = 0;
};

/// What is known of a file before its rows are read for their places.
struct ShopFacts {
  TextForm form = TextForm::utf8;
  std::string format;
  std::vector<Column> columns;  // of a table
  int64_t header_line = 0;
  char separator = ',';
  /// field -> column of --columns
  std::map<std::string, std::string, std::less<>> texts_to;
};

/// The window holds the text in its form and outlives the layout.
std::unique_ptr<ShopLayout> table_layout(const ShopFacts& facts, TextWindow& window);
std::unique_ptr<ShopLayout> json_layout(const ShopFacts& facts, TextWindow& window);
std::unique_ptr<ShopLayout> xml_layout(const ShopFacts& facts, TextWindow& window);
/// `xml` is all of the sheet and outlives the layout; cells: decoded, of the rows that hold any;
/// tables: ranges that new columns stay out of; last_row: the last with cells, where it is known.
std::unique_ptr<ShopLayout> sheet_layout(const ShopFacts& facts, std::string_view xml,
                                         std::unique_ptr<CellSource> cells,
                                         const std::vector<std::string>& tables, int64_t last_row);

/// The fields of a table's or sheet's columns, new columns after the others.
std::vector<FieldSpec> table_fields(const ShopFacts& facts);

}  // namespace vitrine::data
