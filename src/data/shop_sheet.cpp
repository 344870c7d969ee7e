// Places in the sheets of workbooks.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "data/shop_layout.h"
#include "data/structured_text.h"
#include "data/workbook.h"
#include "data/xml_scan.h"

namespace vitrine::data {
namespace {

/// Cells of a sheet's XML.
class SheetLayout : public ShopLayout {
 public:
  SheetLayout(const ShopFacts& facts, std::string_view xml, std::unique_ptr<CellSource> cells,
              const std::vector<std::string>& tables, int64_t last_row)
      : text_(xml),
        tags_(xml),
        cells_(std::move(cells)),
        header_line_(facts.header_line),
        last_row_(last_row),
        first_free_column_(facts.columns.size()) {
    fields = table_fields(facts);
    for (const std::string& range : tables) stay_out_of(range);
    stay_out_of_merged_headers();
  }

  bool next(RowPlaces& row) override {
    while (const auto tag = tags_.next()) {
      if (tag->local_name() != "row" || tag->is_end) continue;
      const size_t colon = tag->name.find(':');
      prefix_ = colon == std::string_view::npos ? "" : std::string(tag->name.substr(0, colon + 1));
      const std::string stated(xml_attribute(tag->attributes, "r").value_or(""));
      number_ = !stated.empty() && stated.size() < 12 &&
                        stated.find_first_not_of("0123456789") == std::string::npos && stated != "0"
                    ? std::stoll(stated)
                    : number_ + 1;
      if (tag->is_empty) continue;
      const Row cells = read_cells(tag->end);
      if (number_ < header_line_ || (number_ > header_line_ && !read_values())) continue;
      find_places(cells, row);
      const auto spans = xml_attribute(tag->attributes, "spans");
      const size_t begin = spans ? static_cast<size_t>(spans->data() - text_.data()) : 0;
      row.spans = {begin, begin + (spans ? spans->size() : 0)};
      return true;
    }
    return false;
  }

  std::vector<Edit> place_columns(const std::vector<size_t>& field_idxs) override {
    size_t next = first_free_column_, widest = 0;
    for (const size_t field_idx : field_idxs) {
      FieldSpec& spec = fields[field_idx];
      if (spec.is_new) spec.column_idx = next++;
      widest = std::max(widest, spec.column_idx);
    }
    VITRINE_REQUIRE(widest < kMaxSheetColumns,
                    "[ShopFile] no column is left for a new text: a sheet has ", kMaxSheetColumns);
    return dimension_edits(widest);
  }

  /// The row's statement of its columns ("1:3"), when it leaves out one that gets a text.
  std::vector<Edit> row_edits(const RowPlaces& row,
                              const std::vector<size_t>& field_idxs) const override {
    size_t widest = 0;
    for (const size_t field_idx : field_idxs)
      widest = std::max(widest, fields[field_idx].column_idx);
    const std::string_view stated = row.spans.of(text_);
    const size_t colon = stated.rfind(':');
    if (field_idxs.empty() || colon == std::string_view::npos) return {};
    const std::string last(stated.substr(colon + 1));
    const bool is_number = !last.empty() && last.size() < 6 &&
                           last.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number || std::stoul(last) >= widest + 1) return {};
    return {{row.spans.begin + colon + 1, row.spans.end, std::to_string(widest + 1), 0}};
  }

  std::vector<Edit> frame_edits(size_t field_idx, const RowPlaces& row) const override {
    const FieldSpec& spec = fields[field_idx];
    if (!spec.is_new || !row.is_header) return {};
    const Place& place = row.places[field_idx];
    return {{place.span.begin, place.span.end, text_cell(place, spec.column), 0}};
  }

  std::string encoded(size_t field_idx, const Place& place,
                      std::string_view stored) const override {
    return text_cell(
        place, fields[field_idx].is_structured ? structured_text(stored) : std::string(stored));
  }

 private:
  std::string text_cell(const Place& place, std::string_view value) const {
    return concat(place.before, "t=\"inlineStr\"><", prefix_, "is><", prefix_,
                  "t xml:space=\"preserve\">", xml_escape(escaped_cell_text(value)), "</", prefix_, "t></", prefix_,
                  "is></", prefix_, "c>");
  }

  struct Cell {
    size_t column_idx = 0;
    JsonSpan span;
    std::string style;  // its s attribute
    bool has_formula = false;
  };
  struct Row {
    std::vector<Cell> cells;
    size_t end = 0;  // of its last cell: where more go
  };

  /// New columns stand behind those of a range such as "A1:C9".
  void stay_out_of(std::string_view range) {
    // Of a single cell: itself.
    const auto last = column_of_reference(range.substr(range.find(':') + 1));
    if (last) first_free_column_ = std::max(first_free_column_, *last + 1);
  }

  static int64_t row_in(std::string_view reference) {
    const size_t digits = std::min(reference.find_first_of("0123456789"), reference.size());
    return std::atoll(std::string(reference.substr(digits)).c_str());
  }

  /// A cell that is merged with another shows no text of its own.
  void stay_out_of_merged_headers() {
    XmlScanner tags(text_);
    while (const auto tag = tags.next()) {
      const auto range =
          tag->local_name() == "mergeCell" ? xml_attribute(tag->attributes, "ref") : std::nullopt;
      if (!range) continue;
      const size_t colon = range->find(':');
      const bool has_header = row_in(range->substr(0, colon)) <= header_line_ &&
                              row_in(range->substr(colon + 1)) >= header_line_;
      if (has_header) stay_out_of(*range);
    }
  }

  /// The sheet's statement of the cells that it uses, when it leaves out the widest column that
  /// gets a text.
  std::vector<Edit> dimension_edits(size_t widest) const {
    XmlScanner tags(text_);
    while (const auto tag = tags.next()) {
      if (tag->local_name() == "sheetData") break;
      const auto stated = tag->local_name() == "dimension" && !tag->is_end
                              ? xml_attribute(tag->attributes, "ref")
                              : std::nullopt;
      if (!stated) continue;
      const size_t colon = stated->find(':');
      const std::string_view first = stated->substr(0, colon),
                             last = colon == std::string_view::npos ? first
                                                                    : stated->substr(colon + 1);
      const auto column = column_of_reference(last);
      const size_t digits = last.find_first_of("0123456789");
      if (!column || *column >= widest || digits == std::string_view::npos) return {};
      // A single cell says nothing of the rows.
      const std::string last_row = colon == std::string_view::npos && last_row_ > 0
                                       ? std::to_string(last_row_)
                                       : std::string(last.substr(digits));
      const auto begin = static_cast<size_t>(stated->data() - text_.data());
      return {
          {begin, begin + stated->size(), concat(first, ":", column_letters(widest), last_row), 0}};
    }
    return {};
  }

  /// Cells of the row whose start tag was the last one.
  Row read_cells(size_t begin) {
    Row row;
    row.end = begin;
    size_t next_column = 0;
    while (const auto tag = tags_.next()) {
      if (tag->is_end && tag->local_name() == "row") {
        row.end = tag->begin;
        return row;
      }
      if (tag->local_name() == "f" && !tag->is_end && !row.cells.empty())
        row.cells.back().has_formula = true;
      if (tag->local_name() != "c") continue;
      if (tag->is_end) {
        if (!row.cells.empty()) row.cells.back().span.end = tag->end;
        continue;
      }
      Cell cell;
      const auto reference = xml_attribute(tag->attributes, "r");
      cell.column_idx =
          (reference ? column_of_reference(*reference) : std::nullopt).value_or(next_column);
      next_column = cell.column_idx + 1;
      cell.span = {tag->begin, tag->end};
      cell.style = xml_attribute(tag->attributes, "s").value_or("");
      row.cells.push_back(std::move(cell));
    }
    return row;
  }

  /// Whether the row holds texts, which are in values_ then.
  bool read_values() {
    while (has_values_ ? values_.line < number_ : !at_end_) {
      has_values_ = cells_->next(values_);
      at_end_ = !has_values_;
    }
    if (!has_values_ || values_.line != number_) return false;
    has_values_ = false;  // of this row alone
    return true;
  }

  void find_places(const Row& cells, RowPlaces& row) const {
    row.row = number_;
    row.is_header = number_ == header_line_;
    row.places.clear();
    for (const FieldSpec& spec : fields) {
      const bool has_value = !row.is_header && spec.column_idx < values_.cells.size();
      row.places.push_back(place_in(cells, spec, has_value ? values_.cells[spec.column_idx] : ""));
    }
  }

  Place place_in(const Row& row, const FieldSpec& spec, std::string value) const {
    Place place;
    place.value = std::move(value);
    // Cells stand in any order.
    auto at = std::find_if(row.cells.begin(), row.cells.end(), [&](const Cell& cell) {
      return cell.column_idx == spec.column_idx;
    });
    place.is_there = at != row.cells.end();
    if (!place.is_there)
      at = std::find_if(row.cells.begin(), row.cells.end(), [&](const Cell& cell) {
        return cell.column_idx > spec.column_idx;
      });
    place.is_formula = place.is_there && at->has_formula;
    if (place.is_there)
      place.span = at->span;
    else
      place.span = at == row.cells.end() ? JsonSpan{row.end, row.end}
                                         : JsonSpan{at->span.begin, at->span.begin};
    const std::string style =
        place.is_there && !at->style.empty() ? concat("s=\"", at->style, "\" ") : "";
    place.before =
        concat("<", prefix_, "c r=\"", column_letters(spec.column_idx), number_, "\" ", style);
    return place;
  }

  std::string_view text_;
  XmlScanner tags_;
  std::unique_ptr<CellSource> cells_;
  int64_t header_line_, last_row_;
  size_t first_free_column_;
  std::string prefix_;
  int64_t number_ = 0;
  DelimitedRow values_;
  bool has_values_ = false, at_end_ = false;
};

}  // namespace

std::unique_ptr<ShopLayout> sheet_layout(const ShopFacts& facts, std::string_view xml,
                                         std::unique_ptr<CellSource> cells,
                                         const std::vector<std::string>& tables, int64_t last_row) {
  return std::make_unique<SheetLayout>(facts, xml, std::move(cells), tables, last_row);
}

}  // namespace vitrine::data
