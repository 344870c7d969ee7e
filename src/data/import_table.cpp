// Rows of CSV, TSV and workbooks under a header, in whatever dialect the header shows.
#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>
#include <utility>

#include "data/delimited.h"
#include "data/import_run.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr size_t kUsualFields = 8;       // of a product beside those that every record has
constexpr size_t kHeaderSearchRows = 5;  // of a dialect whose header need not come first
constexpr size_t kShownBytes = 400;      // of a rejected row

/// The start of a header for a message, whole characters.
std::string shortened(std::string_view raw) {
  size_t size = std::min<size_t>(raw.size(), 120);
  while (size > 0 && size < raw.size() && (static_cast<unsigned char>(raw[size]) & 0xc0) == 0x80) --size;
  return std::string(raw.substr(0, size)) + (size < raw.size() ? "…" : "");
}

std::string joined(const std::vector<std::string>& cells) {
  std::string text;
  for (const std::string& cell : cells) text += (text.empty() ? "" : " | ") + cell;
  return text;
}

/// Cells of a workbook as a line of CSV.
std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    const bool needs_quotes = cells[i].find_first_of(",\"\r\n") != std::string::npos;
    if (!needs_quotes) line += cells[i];
    if (!needs_quotes) continue;
    line += '"';
    for (const char c : cells[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line;
}

[[noreturn]] void refuse_header(const ImportRun& run, const DelimitedRow& row, char separator) {
  const std::string shown = separator == '\t' ? "a tab" : concat("'", separator, "'");
  const std::string hint = separator == '\0' ? "another sheet is given by --sheet, a column by --map"
                                             : concat("cells parted by ", shown, ": another separator is given by --separator, a column by --map");
  const std::string text = separator == '\0' ? joined(row.cells) : std::string(row.raw);
  throw ImportRefused({run.file(), row.line, "", "NO_HEADER", Severity::fatal, concat("no known column in \"", shortened(text), "\", ", hint)});
}

/// Fields that hold one value: a second column of the kind does not add to the first.
bool holds_one_value(std::string_view field) {
  constexpr std::string_view kMany[] = {"", "attribute", "attributes", "content", "media_main", "media_detail", "media_one", "product_detail", "taobao_pictures", "taobao_properties", "taobao_custom_values"};
  return std::find(std::begin(kMany), std::end(kMany), field) == std::end(kMany);
}

/// Columns of one header, or of one field that holds one value.
void warn_of_doubles(const std::vector<Column>& columns, int64_t line, ImportRun& run) {
  std::unordered_map<std::string, size_t> headers, fields;
  for (size_t second = 0; second < columns.size(); ++second) {
    const Column& b = columns[second];
    if (b.header.empty() && b.field.empty()) continue;  // a column without a name
    const auto [by_header, new_header] = headers.try_emplace(fold_name(b.header), second);
    size_t first = new_header ? second : by_header->second;
    if (holds_one_value(b.field)) {
      const auto [by_field, new_field] = fields.try_emplace(b.field, second);
      if (!new_field) first = std::min(first, by_field->second);
    }
    if (first == second) continue;
    const std::string meaning = !b.field.empty() ? ": both " + b.field : b.kept_as.empty() ? "" : concat(": the second is kept as ", b.kept_as);
    run.warn(line, b.header, "DUP_HEADER", concat("'", columns[first].header, "' and '", b.header, "', columns ", first + 1, " and ", second + 1, meaning));
  }
}

/// A source whose first rows were looked at before. Says once that lines end in carriage returns.
class BufferedCells : public CellSource {
 public:
  BufferedCells(std::unique_ptr<CellSource> cells, ImportRun& run) : cells_(std::move(cells)), run_(run) {}

  /// Row `index` from the next one on; null when there are fewer. Its raw text is gone.
  const DelimitedRow* peek(size_t index) {
    while (ahead_.size() <= index) {
      DelimitedRow row;
      if (!fetch(row)) return nullptr;
      raw_.push_back(std::string(row.raw));
      ahead_.push_back(std::move(row));
      ahead_.back().raw = raw_.back();
    }
    return &ahead_[index];
  }
  void drop(size_t count) {
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  bool next(DelimitedRow& row) override {
    if (ahead_.empty()) return fetch(row);
    row = std::move(ahead_.front());
    ahead_.pop_front();
    return true;
  }

 private:
  bool fetch(DelimitedRow& row) {
    if (!cells_->next(row)) return false;
    if (row.ends_in_return && !std::exchange(said_returns_, true)) run_.warn_of_returns(row.line);
    return true;
  }

  std::unique_ptr<CellSource> cells_;
  ImportRun& run_;
  bool said_returns_ = false;
  std::deque<DelimitedRow> ahead_;
  std::deque<std::string> raw_;  // of these, until the end
};

bool is_readable(const DelimitedRow& row) {
  return row.problem.empty() && std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) { return text::is_valid_utf8(cell); });
}

std::vector<std::string> headers_of(const DelimitedRow& row) {
  std::vector<std::string> headers;
  if (!is_readable(row)) return headers;
  for (const std::string& cell : row.cells) headers.push_back(trim_space(text::nfc(cell)));
  return headers;
}

/// Which shop's table has this header; "" = none that we know.
std::string dialect_of(const std::vector<std::string>& headers) {
  std::set<std::string> names;
  for (const std::string& header : headers) names.insert(fold_name(header));
  const auto has = [&](const char* name) { return names.contains(name); };
  if (has("handle") && (has("body(html)") || has("variantsku") || has("imagesrc") || has("variantprice"))) return "shopify";
  if (has("title") && has("cateprops")) return "taobao";
  if (has("id") && has("title") && (has("image_link") || has("google_product_category")) && (has("link") || has("availability") || has("price"))) return "merchant";
  return "";
}

std::vector<Column> columns_of(const std::vector<std::string>& headers, const ColumnRules& rules, const ColumnMapping& mapping) {
  std::vector<Column> columns;
  for (const std::string& header : headers) {
    const auto by_hand = mapping.find(fold_name(header));
    columns.push_back({header, by_hand != mapping.end() ? by_hand->second : rules.field_of(header)});
  }
  return columns;
}

/// Columns without a field whose header stood there before are kept under names of their own: 备注, 备注_2.
void name_doubles(std::vector<Column>& columns) {
  std::set<std::string> names;
  for (const Column& column : columns) names.insert(column.header);
  std::unordered_map<std::string, int> next;  // number of each header's next name
  for (Column& column : columns) {
    if (!column.field.empty() || column.header.empty()) continue;
    const auto [number, is_first] = next.try_emplace(column.header, 2);
    for (int& nth = number->second; !is_first && column.kept_as.empty() && nth <= kMostBeside; ++nth) {
      const std::string name = concat(column.header, "_", nth);
      if (names.insert(name).second) column.kept_as = name;
    }
  }
}

size_t num_known(const std::vector<Column>& columns) {
  return static_cast<size_t>(std::count_if(columns.begin(), columns.end(), [](const Column& c) { return !c.field.empty(); }));
}

class TableRows : public RowReader {
 public:
  TableRows(std::unique_ptr<CellSource> cells, std::vector<Column> columns, bool is_sheet, ImportRun& run)
      : run_(run), cells_(std::move(cells)), columns_(std::move(columns)), is_sheet_(is_sheet), is_merchant_(run.format() == "merchant") {}

  std::optional<ProductRow> next() override {
    if (!cells_->next(row_)) return std::nullopt;
    if (is_sheet_ && row_.cells.size() < columns_.size()) row_.cells.resize(columns_.size());
    const std::string code = repeats_header() ? "DUP_HEADER" : row_problem(row_, columns_.size());
    if (!code.empty()) return run_.reject(row_.line, "", code, problem_value(row_, code, columns_.size()));
    RowTarget target = read_row();
    if (is_merchant_) finish_merchant_row(target);
    if (is_merchant_ && target.product.id.empty()) return run_.reject(row_.line, run_.header_of("id"), "MISSING_REQUIRED", target.product.title_raw);
    return run_.keep(std::move(target));
  }

 private:
  /// Files that were put together hold their header again.
  bool repeats_header() const {
    if (columns_.size() < 2 || row_.cells.size() != columns_.size()) return false;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (row_.cells[i] != columns_[i].header) return false;
    }
    return true;
  }

  RowTarget read_row() {
    RowTarget target;
    target.row = row_.line;
    target.product.extra.get_ref<Json::object_t&>().reserve(std::min<size_t>(columns_.size(), kUsualFields));  // growing copies the names
    target.properties = run_.properties();
    for (const CellNote& note : row_.notes) target.note(note.column_idx < columns_.size() ? columns_[note.column_idx].header : "", note.code, note.severity, note.value);
    for (size_t column_idx = 0; column_idx < columns_.size(); ++column_idx) {
      const std::string& cell = row_.cells[column_idx];
      // Columns without a name and without a value say nothing.
      if (cell.empty() && columns_[column_idx].header.empty()) continue;
      apply_cell(columns_[column_idx], cell, target);
    }
    return target;
  }

  ImportRun& run_;
  std::unique_ptr<CellSource> cells_;
  std::vector<Column> columns_;
  bool is_sheet_, is_merchant_;
  DelimitedRow row_;
};

/// Finds the header, says which dialect it is, and leaves the source behind it.
class HeaderFinder {
 public:
  HeaderFinder(BufferedCells& cells, const TableForm& form, ImportRun& run) : cells_(cells), form_(form), run_(run) {}

  std::vector<Column> find() {
    const DelimitedRow* first = cells_.peek(0);
    if (first == nullptr) throw ImportRefused({run_.file(), 0, "", "EMPTY_FILE", Severity::fatal, "no rows"});
    const auto headers = headers_of(*first);
    const bool has_version = !headers.empty() && fold_name(headers.front()).starts_with("version");
    if (form_.format == "taobao" || has_version || dialect_of(headers) == "taobao") return taobao(has_version);
    const bool by_name = form_.format == "shopify" || form_.format == "merchant";
    if (by_name || form_.separator != '\0') return take(0, by_name ? form_.format : dialect_of(headers));
    return in_sheet();
  }

 private:
  std::vector<Column> take(size_t index, const std::string& dialect) {
    const DelimitedRow row = *cells_.peek(index);
    const auto headers = headers_of(row);
    run_.set_format(dialect.empty() ? form_.format : dialect);
    auto columns = columns_of(headers, ColumnRules::load(dialect), run_.mapping_for(headers));
    if (num_known(columns) == 0) refuse_header(run_, row, form_.separator);
    name_doubles(columns);
    warn_of_doubles(columns, row.line, run_);
    run_.set_header(row.line, columns);
    cells_.drop(index + 1);
    return columns;
  }

  /// Workbooks have titles and notes above their header: the first of the first rows with two known
  /// columns, else with one.
  std::vector<Column> in_sheet() {
    const ColumnRules rules = ColumnRules::load();
    for (const size_t wanted : {size_t{2}, size_t{1}}) {
      for (size_t i = 0; i < 2 * kHeaderSearchRows && cells_.peek(i) != nullptr; ++i) {
        const auto headers = headers_of(*cells_.peek(i));
        if (num_known(columns_of(headers, rules, run_.mapping_for_search(headers))) < wanted) continue;
        return take(i, dialect_of(headers));
      }
    }
    return take(0, dialect_of(headers_of(*cells_.peek(0))));
  }

  /// Line 1 the version, line 2 English names, line 3 Chinese ones.
  std::vector<Column> taobao(bool has_version) {
    if (!has_version) run_.warn(cells_.peek(0)->line, "", "NO_VERSION", "no 'version' line before the header");
    const ColumnRules rules = ColumnRules::load("taobao");
    for (size_t i = has_version ? 1 : 0; i < kHeaderSearchRows && cells_.peek(i) != nullptr; ++i) {
      const auto english = headers_of(*cells_.peek(i));
      if (num_known(columns_of(english, rules, {})) == 0) continue;
      const DelimitedRow* below = cells_.peek(i + 1);
      const auto chinese = below == nullptr ? std::vector<std::string>() : headers_of(*below);
      const bool two_lines = chinese.size() == english.size() && is_second_header(english, chinese, rules);
      run_.set_format("taobao");
      auto columns = columns_of(english, rules, run_.mapping_for(english));
      for (size_t column = 0; two_lines && column < columns.size(); ++column) {
        if (columns[column].field.empty()) columns[column].field = rules.field_of(chinese[column]);
        if (columns[column].header.empty()) columns[column].header = chinese[column];
      }
      name_doubles(columns);
      warn_of_doubles(columns, cells_.peek(i)->line, run_);
      run_.set_header(cells_.peek(two_lines ? i + 1 : i)->line, columns);
      cells_.drop(i + (two_lines ? 2 : 1));
      return columns;
    }
    refuse_header(run_, *cells_.peek(has_version && cells_.peek(1) != nullptr ? 1 : 0), form_.separator);
  }

  /// A line of names too: most of the columns we know are called the same there.
  static bool is_second_header(const std::vector<std::string>& first, const std::vector<std::string>& second, const ColumnRules& rules) {
    size_t known = 0, same = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      const std::string field = rules.field_of(first[i]);
      known += !field.empty();
      same += !field.empty() && rules.field_of(second[i]) == field;
    }
    return 2 * same > known;
  }

  BufferedCells& cells_;
  const TableForm& form_;
  ImportRun& run_;
};

}  // namespace

std::string row_problem(const DelimitedRow& row, size_t columns) {
  if (!row.problem.empty()) return std::string(row.problem);
  for (const std::string& cell : row.cells) {
    if (!text::is_valid_utf8(cell)) return "ENC_BAD_SEQ";
  }
  return row.cells.size() == columns ? "" : "COLS_MISMATCH";
}

std::string problem_value(const DelimitedRow& row, std::string_view code, size_t columns) {
  const std::string shown = row.raw.empty() ? csv_line(row.cells).substr(0, kShownBytes) : std::string(row.raw.substr(0, kShownBytes));
  return code == "COLS_MISMATCH" ? concat(row.cells.size(), " cells, header has ", columns, ": ", shown) : shown;
}

void apply_cell(const Column& column, std::string_view cell, RowTarget& target) {
  const std::string value = trim_space(clean_value(cell, column.header, target));
  apply_text(column.field, column.kept_as.empty() ? column.header : column.kept_as, value, target);
}

std::unique_ptr<RowReader> table_rows(std::unique_ptr<CellSource> cells, const TableForm& form, ImportRun& run) {
  auto buffered = std::make_unique<BufferedCells>(std::move(cells), run);
  auto columns = HeaderFinder(*buffered, form, run).find();
  if (run.format() == "shopify") return shopify_rows(std::move(buffered), std::move(columns), run);
  return std::make_unique<TableRows>(std::move(buffered), std::move(columns), form.separator == '\0', run);
}

}  // namespace vitrine::data
