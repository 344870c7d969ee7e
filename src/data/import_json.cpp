// Rows that are JSON objects: product records, AdvertiseGen and objects with header-like keys.
#include "data/advertisegen.h"
#include "data/delimited.h"
#include "data/import_run.h"
#include "data/json_rows.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

/// Cleans every string of the row in place. Returns the name of the field that is too large, or nothing.
std::string clean_strings(Json& json, const std::string& column, RowTarget& target) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.size() > kMaxFieldBytes) return column;
    json = clean_value(std::string(text), column, target);
  } else if (json.is_structured()) {
    for (const auto& [name, value] : json.items()) {
      const std::string inner = json.is_object() ? (column.empty() ? name : column + "." + name) : concat(column, "[", name, "]");
      std::string too_large = clean_strings(value, inner, target);
      if (!too_large.empty()) return too_large;
    }
  }
  return "";
}

bool is_record(const Json& row) {
  if (row.contains("title_raw")) return true;
  const auto attributes = row.find("attributes");
  return attributes != row.end() && attributes->is_array() && !attributes->empty() && attributes->front().is_object() &&
         attributes->front().contains("key_raw");
}

std::string format_of(const Json& row) {
  if (is_record(row)) return "product";
  const auto content = row.find("content");
  const bool has_content = content != row.end() && content->is_string();
  if (has_content && content->get_ref<const std::string&>().find('#') != std::string::npos) return "advertisegen";
  return has_content && row.contains("summary") ? "advertisegen" : "jsonl";
}

/// Reads one row into the target. Returns what is wrong with the whole row, or nothing.
using ReadRow = std::optional<FieldProblem> (*)(const Json& row, const ColumnRules& rules, RowTarget& target);

std::optional<FieldProblem> read_record(const Json& row, const ColumnRules&, RowTarget& target) {
  return read_product(row, target.product);
}

std::optional<FieldProblem> read_generic(const Json& row, const ColumnRules& rules, RowTarget& target) {
  for (const auto& [header, value] : row.items()) apply_json(rules.field_of(header), header, value, target);
  return std::nullopt;
}

std::optional<FieldProblem> read_advertisegen(const Json& row, const ColumnRules& rules, RowTarget& target) {
  const auto content = row.find("content");
  if (content == row.end() || content->is_null()) return FieldProblem{"MISSING_REQUIRED", "content", ""};
  if (!content->is_string()) return FieldProblem{"BAD_FIELD", "content", dump_line(*content)};
  const auto summary = row.find("summary");
  if (summary != row.end() && !summary->is_string() && !summary->is_null()) return FieldProblem{"BAD_FIELD", "summary", dump_line(*summary)};
  // Its attributes stand in content: a field style says for which platform the copy was written.
  for (const auto& [header, value] : row.items()) apply_json(header == "style" ? "copy_style" : rules.field_of(header), header, value, target);
  return std::nullopt;
}

ReadRow reader_of(std::string_view format) {
  if (format == "product") return read_record;
  return format == "advertisegen" ? read_advertisegen : read_generic;
}

/// The id of a row that may be no product, "" when it has none.
std::string own_id(const Json& row, const ColumnRules& rules) {
  for (const auto& [header, value] : row.items()) {
    if (rules.field_of(header) == "id" && (value.is_string() || value.is_number())) return value.is_string() ? value.get<std::string>() : value.dump();
  }
  return "";
}

ProductRow import_row(Json row, int64_t line_number, ReadRow read_row, const ColumnRules& rules,
                      ImportRun& run) {
  RowTarget target;
  target.row = line_number;
  const std::string too_large = clean_strings(row, "", target);
  if (!too_large.empty()) return run.reject(line_number, too_large, "TOO_LARGE", concat("more than ", kMaxFieldBytes, " bytes"), own_id(row, rules));
  if (const auto problem = read_row(row, rules, target)) {
    return run.reject(line_number, problem->column, problem->code, problem->value, own_id(row, rules));
  }
  return run.keep(std::move(target));
}

class JsonRows : public RowReader {
 public:
  JsonRows(TextWindow& window, std::string_view format, ImportRun& run)
      : run_(run), lines_(window, kMaxRowBytes) {
    if (format != "auto") set_format(format);
  }

  std::optional<ProductRow> next() override {
    std::string_view line;
    do {
      if (!lines_.next(line)) return std::nullopt;
    } while (lines_.is_blank());
    const ParsedJsonRow parsed = parse_json_row(line);
    if (!parsed.code.empty())
      return run_.reject(lines_.number(), "", parsed.code, line.substr(0, 400));
    if (read_row_ == nullptr) set_format(format_of(parsed.json));
    return import_row(parsed.json, lines_.number(), read_row_, rules_, run_);
  }

 private:
  void set_format(std::string_view format) {
    run_.set_format(std::string(format));
    read_row_ = reader_of(format);
  }

  ImportRun& run_;
  LineReader lines_;
  ColumnRules rules_ = ColumnRules::load();
  ReadRow read_row_ = nullptr;
};

}  // namespace

std::unique_ptr<RowReader> json_rows(TextWindow& window, std::string_view format, ImportRun& run) {
  return std::make_unique<JsonRows>(window, format, run);
}

}  // namespace vitrine::data
