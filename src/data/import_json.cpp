// Rows that are JSON objects: product records, AdvertiseGen and objects with header-like keys.
#include <algorithm>
#include <utility>

#include "data/advertisegen.h"
#include "data/delimited.h"
#include "data/import_dialects.h"
#include "data/import_run.h"
#include "data/json_rows.h"
#include "data/json_source.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

constexpr size_t kUsualFields = 8;  // of a product beside those that every record has

/// Cleans every string of the row in place. Returns the name of the field that is too large, or nothing.
std::string clean_strings(Json& json, const std::string& column, RowTarget& target) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text.size() > kMaxFieldBytes) return column;
    std::string clean = clean_value(text, column, target);
    if (clean != text) json = std::move(clean);
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

/// Product data of Merchant Center as its interfaces write it.
bool is_merchant(const Json& row) {
  if (row.contains("offerId")) return true;
  const bool has_picture = row.contains("imageLink") || row.contains("image_link");
  return row.contains("id") && row.contains("title") && has_picture && row.contains("link");
}

std::string format_of(const Json& row) {
  if (is_record(row)) return "product";
  if (row.contains("@type") || row.contains("@context")) return "schema_org";
  if (is_merchant(row)) return "merchant";
  if (const std::string training = training_format_of(row); !training.empty()) return training;
  const auto content = row.find("content");
  const bool has_content = content != row.end() && content->is_string();
  if (has_content && content->get_ref<const std::string&>().find('#') != std::string::npos) return "advertisegen";
  return has_content && row.contains("summary") ? "advertisegen" : "jsonl";
}

/// Reads one row into the target. Returns what is wrong with the whole row, or nothing.
using ReadRow = std::optional<FieldProblem> (*)(const Json& row, const ColumnRules& rules, RowTarget& target);

bool is_count(const Json& value) { return value.is_null() || (value.is_number_integer() && value.get<int64_t>() >= 0); }

/// What is wrong with the members of a record that a product keeps as they are, or nothing.
std::optional<FieldProblem> problem_of_kept(const Json& row) {
  const auto bad = [](std::string column, const Json& value) { return FieldProblem{"BAD_FIELD", std::move(column), dump_line(value)}; };
  for (const char* name : {"price", "signals"}) {
    if (row.contains(name) && !row[name].is_object() && !row[name].is_null()) return bad(name, row[name]);
  }
  for (const char* name : {"media", "docs"}) {
    if (!row.contains(name) || row[name].is_null()) continue;
    const bool good = row[name].is_array() && std::all_of(row[name].begin(), row[name].end(), [](const Json& one) { return one.is_object(); });
    if (!good) return bad(name, row[name]);
  }
  const Json price = row.value("price", Json()), signals = row.value("signals", Json());
  if (price.is_object() && price.contains("amount") && !price["amount"].is_number() && !price["amount"].is_null()) return bad("price.amount", price["amount"]);
  if (price.is_object() && price.contains("currency") && !price["currency"].is_string() && !price["currency"].is_null()) return bad("price.currency", price["currency"]);
  for (const char* name : {"reviews", "favorites", "sales", "impressions", "clicks"}) {
    if (signals.is_object() && signals.contains(name) && !is_count(signals[name])) return bad(concat("signals.", name), signals[name]);
  }
  return std::nullopt;
}

std::optional<FieldProblem> read_record(const Json& row, const ColumnRules&, RowTarget& target) {
  if (auto problem = read_product(row, target.product)) return problem;
  return problem_of_kept(row);
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

std::optional<FieldProblem> read_training(const Json& row, const ColumnRules&, RowTarget& target) { return read_training_row(row, target); }

ReadRow reader_of(std::string_view format) {
  if (format == "product") return read_record;
  if (format == "schema_org") return read_schema_org;
  if (format == "merchant") return read_merchant_json;
  if (format == "alpaca" || format == "share_gpt" || format == "messages" || format == "preference") return read_training;
  return format == "advertisegen" ? read_advertisegen : read_generic;
}

/// The id of a row that may be no product, "" when it has none.
std::string own_id(const Json& row, const ColumnRules& rules) {
  for (const auto& [header, value] : row.items()) {
    if (rules.field_of(header) == "id" && (value.is_string() || value.is_number())) return value.is_string() ? value.get<std::string>() : value.dump();
  }
  return "";
}

class JsonRows : public RowReader {
 public:
  JsonRows(TextWindow& window, std::string_view format, ImportRun& run) : run_(run), source_(window) {
    if (source_.is_too_large())
      throw ImportRefused({run.file(), 0, "", "TOO_LARGE", Severity::fatal, concat("one JSON object of more than ", kMaxDocumentBytes, " bytes: give an array or one object a line")});
    if (format != "auto") set_format(format);
  }

  std::optional<ProductRow> next() override {
    for (;;) {
      if (next_inner_ < inner_.size()) return import_row(std::move(inner_[next_inner_++]));
      JsonValue value;
      if (!source_.next(value)) return std::nullopt;
      if (source_.first_return() > 0 && !std::exchange(said_returns_, true)) run_.warn_of_returns(source_.first_return());
      number_ = value.number;
      ParsedJsonRow parsed = value.is_too_large ? ParsedJsonRow{nullptr, "TOO_LARGE"} : parse_json_row(value.text);
      if (!parsed.code.empty()) return run_.reject(number_, "", parsed.code, value.text.substr(0, 400));
      doubled_keys_ = std::move(parsed.doubled_keys);
      take(std::move(parsed.json), value.text);
      if (next_inner_ < inner_.size()) return import_row(std::move(inner_[next_inner_++]));
    }
  }

 private:
  /// The products of one value: itself, or those that it holds.
  void take(Json json, std::string_view text) {
    inner_.clear();
    next_inner_ = 0;
    const bool may_hold_others = read_row_ == nullptr || run_.format() == "schema_org" || run_.format() == "merchant";
    if (!may_hold_others || !holds_others(json)) {
      if (!is_passed_over(json)) inner_.push_back(std::move(json));
      return;
    }
    const size_t begin = skip_json_space(text, 0);
    const auto spans = json_objects_inside(text, {begin, text.size()});
    for (const JsonSpan& span : spans) inner_.push_back(Json::parse(span.of(text)));
    std::erase_if(inner_, [&](const Json& row) { return is_passed_over(row); });
  }

  /// Whether it may be a list of products and no product.
  static bool holds_others(const Json& json) {
    for (const char* name : {"@graph", "products", "resources", "entries", "items"}) {
      if (json.contains(name) && json[name].is_array()) return true;
    }
    return false;
  }

  /// JSON-LD describes other things too.
  bool is_passed_over(const Json& row) {
    if (read_row_ == nullptr) set_format(format_of(row));
    if (run_.format() != "schema_org" || is_schema_org_product(row)) return false;
    run_.warn(number_, "@type", "NOT_A_PRODUCT", row.contains("@type") ? dump_line(row["@type"]) : "no @type");
    return true;
  }

  ProductRow import_row(Json row) {
    RowTarget target;
    target.row = number_;
    target.product.extra.get_ref<Json::object_t&>().reserve(std::min(row.size(), kUsualFields));  // growing copies the names
    target.properties = run_.properties();
    for (const std::string& key : std::exchange(doubled_keys_, {})) target.note(key, "DUP_KEY", Severity::warn, kLastOfKeys);
    const std::string too_large = clean_strings(row, "", target);
    if (!too_large.empty()) return reject(std::move(target), row, {"TOO_LARGE", too_large, concat("more than ", kMaxFieldBytes, " bytes")});
    refuse_other_kind(row);
    if (const auto problem = read_row_(row, rules_, target)) return reject(std::move(target), row, *problem);
    return run_.keep(std::move(target));
  }

  ProductRow reject(RowTarget target, const Json& row, const FieldProblem& problem) const {
    target.product.id = own_id(row, rules_);
    return run_.reject(std::move(target), problem.column, problem.code, problem.value);
  }

  /// A training set is of one kind from its first row to its last.
  void refuse_other_kind(const Json& row) {
    if (!is_training_) return;
    const std::string kind = training_kind_of(row);
    if (training_kind_.empty()) training_kind_ = kind;
    if (kind.empty() || kind == training_kind_) return;
    throw ImportRefused({run_.file(), number_, "", "MIXED_KINDS", Severity::fatal, concat("a row of kind ", kind, " in a file of kind ", training_kind_)});
  }

  void set_format(std::string_view format) {
    run_.set_format(std::string(format));
    read_row_ = reader_of(format);
    is_training_ = read_row_ == read_training;
  }

  ImportRun& run_;
  JsonSource source_;
  ColumnRules rules_ = ColumnRules::load();
  ReadRow read_row_ = nullptr;
  bool is_training_ = false, said_returns_ = false;
  std::string training_kind_;
  std::vector<std::string> doubled_keys_;  // of the value at hand
  int64_t number_ = 0;
  std::vector<Json> inner_;  // of the value at hand
  size_t next_inner_ = 0;
};

}  // namespace

std::unique_ptr<RowReader> json_rows(TextWindow& window, std::string_view format, ImportRun& run) {
  return std::make_unique<JsonRows>(window, format, run);
}

}  // namespace vitrine::data
