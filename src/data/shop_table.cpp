// Places in CSV, TSV and the sheets of workbooks.
#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "data/delimited.h"
#include "data/shop_layout.h"
#include "data/structured_text.h"
#include "data/table_file.h"
#include "data/workbook.h"
#include "data/xml_scan.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

/// A field that a dialect lets change.
struct Allowed {
  std::string_view format, field, header;
  bool is_html = false, is_structured = false;
};

constexpr Allowed kAllowed[] = {
    {"taobao", "title", "title"},
    {"taobao", "title", "宝贝名称"},
    {"taobao", "description", "description", true},
    {"taobao", "description", "宝贝描述", true},
    {"taobao", "short_title", "subtitle"},
    {"taobao", "short_title", "宝贝卖点"},
    {"taobao", "wireless_description", "wireless_desc"},
    {"shopify", "title", "Title"},
    {"shopify", "description", "Body (HTML)", true},
    {"shopify", "seo_title", "SEO Title"},
    {"shopify", "seo_description", "SEO Description"},
    {"merchant", "title", "structured_title", false, true},
    {"merchant", "description", "structured_description", false, true},
};

bool is_dialect(std::string_view format) { return format == "taobao" || format == "shopify" || format == "merchant"; }

std::optional<size_t> column_named(const std::vector<Column>& columns, std::string_view header) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (fold_name(columns[i].header) == fold_name(header)) return i;
  }
  return std::nullopt;
}

std::optional<size_t> column_of_field(const std::vector<Column>& columns, std::string_view field) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].field == field) return i;
  }
  return std::nullopt;
}

class FieldFinder {
 public:
  explicit FieldFinder(const LayoutInput& input) : input_(input), columns_(input.reader.columns()), next_new_(columns_.size()) {}

  std::vector<FieldSpec> find() {
    is_dialect(input_.reader.format()) ? find_allowed() : find_generic();
    return std::move(fields_);
  }

 private:
  void add(std::string_view field, const std::string& header, std::optional<size_t> column, const Allowed* allowed = nullptr) {
    FieldSpec spec;
    spec.field = field;
    spec.column = column ? columns_[*column].header : header;
    spec.is_html = allowed != nullptr && allowed->is_html;
    spec.is_structured = allowed != nullptr && allowed->is_structured;
    spec.is_new = !column;
    spec.column_idx = column ? *column : next_new_++;
    fields_.push_back(spec);
  }

  bool has(std::string_view field) const {
    return std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) { return f.field == field; });
  }

  void find_allowed() {
    for (const Allowed& allowed : kAllowed) {
      if (allowed.format != input_.reader.format() || has(allowed.field)) continue;
      const auto column = column_named(columns_, allowed.header);
      if (column || allowed.is_structured) add(allowed.field, std::string(allowed.header), column, &allowed);
    }
    for (const auto& [field, header] : input_.columns) {
      const bool known = std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) { return f.field == field && fold_name(f.column) == fold_name(header); });
      if (!known) throw UsageError(concat("--columns: of a ", input_.reader.format(), " file the column '", header, "' may not change"));
    }
  }

  /// An id, a price or an attribute is no place for copy.
  void require_text_column(size_t column) const {
    constexpr std::string_view kTexts[] = {"", "title", "description", "summary"};
    const std::string& known = columns_[column].field;
    if (std::find(std::begin(kTexts), std::end(kTexts), known) == std::end(kTexts))
      throw UsageError(concat("--columns: the column '", columns_[column].header, "' holds the ", known, " and may not change"));
    const bool is_taken = std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) { return !f.is_new && f.column_idx == column; });
    if (is_taken) throw UsageError(concat("--columns: two fields go to the column '", columns_[column].header, "'"));
  }

  void find_generic() {
    for (const auto& [field, header] : input_.columns) {
      const auto column = column_named(columns_, header);
      if (column) require_text_column(*column);
      add(field, header, column);
    }
    if (!has("title")) add("title", "标题", column_of_field(columns_, "title"));
    if (!has("short_title")) add("short_title", "短标题", column_named(columns_, "短标题"));
    if (has("description")) return;
    auto column = column_of_field(columns_, "summary");
    if (!column) column = column_of_field(columns_, "description");
    add("description", "文案", column);
  }

  const LayoutInput& input_;
  const std::vector<Column>& columns_;
  size_t next_new_;
  std::vector<FieldSpec> fields_;
};

/// The cells of a row that is good, as they stand: with their quotes.
std::vector<JsonSpan> cell_spans(std::string_view row, char separator) {
  std::vector<JsonSpan> spans;
  for (size_t at = 0;;) {
    const size_t begin = at;
    if (at < row.size() && row[at] == '"') {
      for (++at; at < row.size(); ++at) {
        if (row[at] != '"') continue;
        if (at + 1 < row.size() && row[at + 1] == '"') ++at;
        else break;
      }
      at = std::min(at + 1, row.size());
    }
    at = std::min(row.find(separator, at), row.size());
    spans.push_back({begin, at});
    if (at == row.size()) return spans;
    ++at;
  }
}

/// A cell's text without its quotes.
std::string unquoted(std::string_view cell) {
  if (!cell.starts_with('"') || cell.size() < 2) return std::string(cell);
  std::string out;
  for (size_t i = 1; i + 1 < cell.size(); ++i) {
    out += cell[i];
    if (cell[i] == '"') ++i;
  }
  return out;
}

std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string to_utf8(std::string_view text, TextForm form) {
  return form == TextForm::gb18030 ? text::decode(text, text::Encoding::gb18030) : std::string(text);
}

std::string from_utf8(std::string_view utf8, TextForm form) {
  return form == TextForm::gb18030 ? text::encode(utf8, text::Encoding::gb18030) : std::string(utf8);
}

class TableLayout : public ShopLayout {
 public:
  explicit TableLayout(const LayoutInput& input) : form_(input.form), separator_(input.separator) {
    fields = table_fields(input);
    read_rows(input);
  }

  std::vector<Edit> first_edits(size_t field_idx) const override {
    const FieldSpec& spec = fields[field_idx];
    if (!spec.is_new) return {};
    std::vector<Edit> edits;
    for (size_t line = 0; line < header_ends_.size(); ++line) edits.push_back({header_ends_[line], header_ends_[line], separator_ + cell_text(spec.column), 0});
    // Every row gets the cell, or its number of cells would be another one.
    for (const size_t end : row_ends_) edits.push_back({end, end, std::string(1, separator_), 0});
    return edits;
  }

  std::string encoded(size_t field_idx, const Place& place, std::string_view stored) const override {
    if (fields[field_idx].is_structured) return cell_bytes(structured_text(stored));
    return place.before + cell_text(stored, place.is_there && place.before.empty() && was_quoted(place)) + place.after;
  }

 private:
  void read_rows(const LayoutInput& input) {
    TextWindow window(input.text);
    DelimitedReader reader(window, separator_);
    DelimitedRow row;
    const int64_t header_line = input.reader.header_line();
    const size_t columns = input.reader.columns().size();
    while (reader.next(row)) {
      if (!row.problem.empty()) continue;
      const auto begin = static_cast<size_t>(row.offset);
      const bool is_header = row.line <= header_line && row.cells.size() == columns;
      if (is_header) header_ends_.push_back(begin + row.raw.size());
      if (row.line <= header_line) continue;
      if (row.cells.size() != columns) continue;
      row_ends_.push_back(begin + row.raw.size());
      rows.push_back(places_of(row, begin, input.text));
    }
  }

  RowPlaces places_of(const DelimitedRow& row, size_t begin, std::string_view text) const {
    RowPlaces places{row.line, {}};
    const auto spans = cell_spans(row.raw, separator_);
    for (const FieldSpec& spec : fields) {
      Place place;
      if (spec.is_new) {
        // Behind the separator that first_edits puts there.
        place.span = {begin + row.raw.size(), begin + row.raw.size()};
        place.is_there = false;
      } else {
        const JsonSpan cell = spans[spec.column_idx];
        place.span = {begin + cell.begin, begin + cell.end};
        place.value = to_utf8(unquoted(place.span.of(text)), form_);
      }
      places.places.push_back(std::move(place));
    }
    return places;
  }

  static bool was_quoted(const Place& place) { return place.span.end > place.span.begin && place.span.end - place.span.begin > place.value.size(); }

  /// A value that begins with no quote and holds no separator: quotes inside it are characters.
  std::string cell_bytes(std::string_view value) const {
    const bool stands_bare = value.find(separator_) == std::string_view::npos && value.find_first_of("\r\n") == std::string_view::npos;
    return stands_bare ? from_utf8(value, form_) : cell_text(value);
  }

  std::string cell_text(std::string_view value, bool keep_quotes = false) const {
    const bool needs_quotes = value.find_first_of("\"\r\n") != std::string_view::npos || value.find(separator_) != std::string_view::npos || value.starts_with(' ') || value.ends_with(' ');
    const std::string bytes = from_utf8(value, form_);
    return needs_quotes || keep_quotes ? in_quotes(bytes) : bytes;
  }

  TextForm form_;
  char separator_;
  std::vector<size_t> header_ends_, row_ends_;
};

/// Cells of a sheet's XML.
class SheetLayout : public ShopLayout {
 public:
  SheetLayout(const LayoutInput& input, std::map<int64_t, std::vector<std::string>> values, const std::vector<std::string>& tables) : text_(input.text), values_(std::move(values)) {
    fields = table_fields(input);
    header_line_ = input.reader.header_line();
    first_free_column_ = input.reader.columns().size();
    for (const std::string& range : tables) stay_out_of(range);
    stay_out_of_merged_headers();
    read_rows();
  }

  std::vector<Edit> place_columns(const std::vector<size_t>& field_idxs) override {
    size_t next = first_free_column_, widest = 0;
    bool has_new = false;
    for (const size_t field_idx : field_idxs) {
      FieldSpec& spec = fields[field_idx];
      if (spec.is_new) spec.column_idx = next++;
      has_new = has_new || spec.is_new;
      widest = std::max(widest, spec.column_idx);
    }
    VITRINE_REQUIRE(widest < kMaxSheetColumns, "[ShopFile] no column is left for a new text: a sheet has ", kMaxSheetColumns);
    read_rows();
    std::vector<Edit> edits = dimension_edits(widest);
    if (has_new && header_) widen(*header_, widest, edits);
    return edits;
  }

  std::vector<Edit> row_edits(size_t row_idx, const std::vector<size_t>& field_idxs) const override {
    size_t widest = 0;
    for (const size_t field_idx : field_idxs) widest = std::max(widest, fields[field_idx].column_idx);
    std::vector<Edit> edits;
    widen(sheet_rows_[row_idx], widest, edits);
    return edits;
  }

  std::vector<Edit> first_edits(size_t field_idx) const override {
    const FieldSpec& spec = fields[field_idx];
    if (!spec.is_new || !header_) return {};
    const Place place = place_in(*header_, spec, "");
    return {{place.span.begin, place.span.end, text_cell(place, spec.column), 0}};
  }

  std::string encoded(size_t field_idx, const Place& place, std::string_view stored) const override {
    return text_cell(place, fields[field_idx].is_structured ? structured_text(stored) : std::string(stored));
  }

 private:
  std::string text_cell(const Place& place, std::string_view value) const {
    return concat(place.before, "t=\"inlineStr\"><", prefix_, "is><", prefix_, "t xml:space=\"preserve\">", xml_escape(value), "</", prefix_, "t></", prefix_, "is></", prefix_, "c>");
  }

  struct Cell {
    size_t column_idx = 0;
    JsonSpan span;
    std::string style;  // its s attribute
    bool has_formula = false;
  };
  struct Row {
    int64_t number = 0;
    std::vector<Cell> cells;
    size_t end = 0;  // of its last cell: where more go
    JsonSpan spans;  // value of the attribute that says which columns have cells; empty = there is none
  };

  /// New columns stand behind those of a range such as "A1:C9".
  void stay_out_of(std::string_view range) {
    const auto last = column_of_reference(range.substr(range.find(':') + 1));  // of a single cell: itself
    if (last) first_free_column_ = std::max(first_free_column_, *last + 1);
  }

  /// A cell that is merged with another shows no text of its own.
  void stay_out_of_merged_headers() {
    XmlScanner tags(text_);
    while (const auto tag = tags.next()) {
      const auto range = tag->local_name() == "mergeCell" ? xml_attribute(tag->attributes, "ref") : std::nullopt;
      if (!range) continue;
      const auto row_in = [&](std::string_view reference) { return std::atoll(std::string(reference.substr(std::min(reference.find_first_of("0123456789"), reference.size()))).c_str()); };
      const bool has_header = row_in(range->substr(0, range->find(':'))) <= header_line_ && row_in(range->substr(range->find(':') + 1)) >= header_line_;
      if (has_header) stay_out_of(*range);
    }
  }

  /// The row's statement of its columns ("1:3"), when it leaves out one that gets a text.
  void widen(const Row& row, size_t widest, std::vector<Edit>& edits) const {
    const std::string_view stated = row.spans.of(text_);
    const size_t colon = stated.rfind(':');
    if (colon == std::string_view::npos) return;
    const std::string last(stated.substr(colon + 1));
    const bool is_number = !last.empty() && last.size() < 6 && last.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && std::stoul(last) < widest + 1) edits.push_back({row.spans.begin + colon + 1, row.spans.end, std::to_string(widest + 1), 0});
  }

  /// The sheet's statement of the cells that it uses, when it leaves out the widest column that gets a text.
  std::vector<Edit> dimension_edits(size_t widest) const {
    XmlScanner tags(text_);
    while (const auto tag = tags.next()) {
      if (tag->local_name() == "sheetData") break;
      const auto stated = tag->local_name() == "dimension" && !tag->is_end ? xml_attribute(tag->attributes, "ref") : std::nullopt;
      if (!stated) continue;
      const size_t colon = stated->find(':');
      const std::string_view first = stated->substr(0, colon), last = colon == std::string_view::npos ? first : stated->substr(colon + 1);
      const auto column = column_of_reference(last);
      const size_t digits = last.find_first_of("0123456789");
      if (!column || *column >= widest || digits == std::string_view::npos) return {};
      // A single cell says nothing of the rows.
      const std::string last_row = colon == std::string_view::npos && !rows.empty() ? std::to_string(rows.back().row) : std::string(last.substr(digits));
      const auto begin = static_cast<size_t>(stated->data() - text_.data());
      return {{begin, begin + stated->size(), concat(first, ":", column_letters(widest), last_row), 0}};
    }
    return {};
  }

  void read_rows() {
    rows.clear();
    sheet_rows_.clear();
    XmlScanner tags(text_);
    int64_t number = 0;
    while (const auto tag = tags.next()) {
      if (tag->local_name() != "row" || tag->is_end) continue;
      const size_t colon = tag->name.find(':');
      prefix_ = colon == std::string_view::npos ? "" : std::string(tag->name.substr(0, colon + 1));
      const std::string stated(xml_attribute(tag->attributes, "r").value_or(""));
      number = !stated.empty() && stated.size() < 12 && stated.find_first_not_of("0123456789") == std::string::npos && stated != "0" ? std::stoll(stated) : number + 1;
      if (tag->is_empty) continue;
      Row row = read_cells(tags, tag->end);
      row.number = number;
      if (const auto spans = xml_attribute(tag->attributes, "spans")) {
        row.spans.begin = static_cast<size_t>(spans->data() - text_.data());
        row.spans.end = row.spans.begin + spans->size();
      }
      if (number == header_line_) header_ = row;
      if (number <= header_line_ || !values_.contains(number)) continue;
      rows.push_back(places_of(row));
      sheet_rows_.push_back(std::move(row));
    }
  }

  Row read_cells(XmlScanner& tags, size_t begin) const {
    Row row;
    row.end = begin;
    size_t next_column = 0;
    while (const auto tag = tags.next()) {
      if (tag->is_end && tag->local_name() == "row") {
        row.end = tag->begin;
        return row;
      }
      if (tag->local_name() == "f" && !tag->is_end && !row.cells.empty()) row.cells.back().has_formula = true;
      if (tag->local_name() != "c") continue;
      if (tag->is_end) {
        if (!row.cells.empty()) row.cells.back().span.end = tag->end;
        continue;
      }
      Cell cell;
      const auto reference = xml_attribute(tag->attributes, "r");
      cell.column_idx = (reference ? column_of_reference(*reference) : std::nullopt).value_or(next_column);
      next_column = cell.column_idx + 1;
      cell.span = {tag->begin, tag->end};
      cell.style = xml_attribute(tag->attributes, "s").value_or("");
      row.cells.push_back(std::move(cell));
    }
    return row;
  }

  RowPlaces places_of(const Row& row) const {
    RowPlaces places{row.number, {}};
    const auto& values = values_.at(row.number);
    for (const FieldSpec& spec : fields) places.places.push_back(place_in(row, spec, spec.column_idx < values.size() ? values[spec.column_idx] : ""));
    return places;
  }

  Place place_in(const Row& row, const FieldSpec& spec, std::string value) const {
    Place place;
    place.value = std::move(value);
    const auto at = std::find_if(row.cells.begin(), row.cells.end(), [&](const Cell& cell) { return cell.column_idx >= spec.column_idx; });
    place.is_there = at != row.cells.end() && at->column_idx == spec.column_idx;
    place.is_formula = place.is_there && at->has_formula;
    if (place.is_there) place.span = at->span;
    else place.span = at == row.cells.end() ? JsonSpan{row.end, row.end} : JsonSpan{at->span.begin, at->span.begin};
    const std::string style = place.is_there && !at->style.empty() ? concat("s=\"", at->style, "\" ") : "";
    place.before = concat("<", prefix_, "c r=\"", column_letters(spec.column_idx), row.number, "\" ", style);
    return place;
  }

  std::string_view text_;
  std::map<int64_t, std::vector<std::string>> values_;
  int64_t header_line_ = 0;
  size_t first_free_column_ = 0;
  std::string prefix_;
  std::optional<Row> header_;
  std::vector<Row> sheet_rows_;  // of `rows`
};

}  // namespace

std::vector<FieldSpec> table_fields(const LayoutInput& input) { return FieldFinder(input).find(); }

std::unique_ptr<ShopLayout> table_layout(const LayoutInput& input) { return std::make_unique<TableLayout>(input); }

std::unique_ptr<ShopLayout> sheet_layout(const LayoutInput& input, std::map<int64_t, std::vector<std::string>> values, const std::vector<std::string>& tables) {
  return std::make_unique<SheetLayout>(input, std::move(values), tables);
}

}  // namespace vitrine::data
