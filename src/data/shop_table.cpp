// Places in CSV and TSV.
#include <algorithm>

#include "base/error.h"
#include "data/delimited.h"
#include "data/shop_layout.h"
#include "data/structured_text.h"
#include "data/table_file.h"
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

bool is_dialect(std::string_view format) {
  return format == "taobao" || format == "shopify" || format == "merchant";
}

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
  explicit FieldFinder(const ShopFacts& facts)
      : facts_(facts), columns_(facts.columns), next_new_(columns_.size()) {}

  std::vector<FieldSpec> find() {
    is_dialect(facts_.format) ? find_allowed() : find_generic();
    return std::move(fields_);
  }

 private:
  void add(std::string_view field, const std::string& header, std::optional<size_t> column,
           const Allowed* allowed = nullptr) {
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
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](const FieldSpec& f) { return f.field == field; });
  }

  void find_allowed() {
    for (const Allowed& allowed : kAllowed) {
      if (allowed.format != facts_.format || has(allowed.field)) continue;
      const auto column = column_named(columns_, allowed.header);
      if (column || allowed.is_structured)
        add(allowed.field, std::string(allowed.header), column, &allowed);
    }
    for (const auto& [field, header] : facts_.texts_to) {
      const bool known = std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) {
        return f.field == field && fold_name(f.column) == fold_name(header);
      });
      if (!known)
        throw UsageError(concat("--columns: of a ", facts_.format, " file the column '", header,
                                "' may not change"));
    }
  }

  /// An id, a price or an attribute is no place for copy.
  void require_text_column(size_t column) const {
    constexpr std::string_view kTexts[] = {"", "title", "description", "summary"};
    const std::string& known = columns_[column].field;
    if (std::find(std::begin(kTexts), std::end(kTexts), known) == std::end(kTexts))
      throw UsageError(concat("--columns: the column '", columns_[column].header, "' holds the ",
                              known, " and may not change"));
    const bool is_taken = std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) {
      return !f.is_new && f.column_idx == column;
    });
    if (is_taken)
      throw UsageError(
          concat("--columns: two fields go to the column '", columns_[column].header, "'"));
  }

  void find_generic() {
    for (const auto& [field, header] : facts_.texts_to) {
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

  const ShopFacts& facts_;
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
        if (at + 1 < row.size() && row[at + 1] == '"')
          ++at;
        else
          break;
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
  return form == TextForm::gb18030 ? text::decode(text, text::Encoding::gb18030)
                                   : std::string(text);
}

std::string from_utf8(std::string_view utf8, TextForm form) {
  return form == TextForm::gb18030 ? text::encode(utf8, text::Encoding::gb18030)
                                   : std::string(utf8);
}

class TableLayout : public ShopLayout {
 public:
  TableLayout(const ShopFacts& facts, TextWindow& window)
      : form_(facts.form),
        separator_(facts.separator),
        header_line_(facts.header_line),
        num_columns_(facts.columns.size()),
        rows_(window, facts.separator) {
    fields = table_fields(facts);
  }

  bool next(RowPlaces& row) override {
    while (rows_.next(row_)) {
      // Of the lines above a header one that is no part of it may be of any width.
      if (!row_.problem.empty() || row_.cells.size() != num_columns_) continue;
      find_places(row);
      return true;
    }
    return false;
  }

  /// The header gets the name of the column, and every row a cell, or its number of cells would be
  /// another one.
  std::vector<Edit> frame_edits(size_t field_idx, const RowPlaces& row) const override {
    const FieldSpec& spec = fields[field_idx];
    if (!spec.is_new) return {};
    const size_t end = row.places[field_idx].span.end;
    return {{end, end, separator_ + (row.is_header ? cell_text(spec.column) : ""), 0}};
  }

  std::string encoded(size_t field_idx, const Place& place,
                      std::string_view stored) const override {
    if (fields[field_idx].is_structured) return cell_bytes(structured_text(stored));
    return place.before +
           cell_text(stored, place.is_there && place.before.empty() && was_quoted(place)) +
           place.after;
  }

 private:
  void find_places(RowPlaces& row) const {
    row.row = row_.line;
    row.is_header = row_.line <= header_line_;
    row.places.clear();
    const auto begin = static_cast<size_t>(row_.offset);
    const auto spans = cell_spans(row_.raw, separator_);
    for (const FieldSpec& spec : fields) {
      Place place;
      if (spec.is_new) {
        // Behind the separator that frame_edits puts there.
        place.span = {begin + row_.raw.size(), begin + row_.raw.size()};
        place.is_there = false;
      } else {
        const JsonSpan cell = spans[spec.column_idx];
        place.span = {begin + cell.begin, begin + cell.end};
        place.value = to_utf8(unquoted(cell.of(row_.raw)), form_);
      }
      row.places.push_back(std::move(place));
    }
  }

  static bool was_quoted(const Place& place) {
    return place.span.end > place.span.begin &&
           place.span.end - place.span.begin > place.value.size();
  }

  /// A value that begins with no quote and holds no separator: quotes inside it are characters.
  std::string cell_bytes(std::string_view value) const {
    const bool stands_bare = value.find(separator_) == std::string_view::npos &&
                             value.find_first_of("\r\n") == std::string_view::npos;
    return stands_bare ? from_utf8(value, form_) : cell_text(value);
  }

  std::string cell_text(std::string_view value, bool keep_quotes = false) const {
    const bool needs_quotes = value.find_first_of("\"\r\n") != std::string_view::npos ||
                              value.find(separator_) != std::string_view::npos ||
                              value.starts_with(' ') || value.ends_with(' ');
    const std::string bytes = from_utf8(value, form_);
    return needs_quotes || keep_quotes ? in_quotes(bytes) : bytes;
  }

  TextForm form_;
  char separator_;
  int64_t header_line_;
  size_t num_columns_;
  DelimitedReader rows_;
  DelimitedRow row_;
};

}  // namespace

std::vector<FieldSpec> table_fields(const ShopFacts& facts) { return FieldFinder(facts).find(); }

std::unique_ptr<ShopLayout> table_layout(const ShopFacts& facts, TextWindow& window) {
  return std::make_unique<TableLayout>(facts, window);
}

}  // namespace vitrine::data
