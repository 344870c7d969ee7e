// Google Merchant Center beside tables: JSON of its interfaces, RSS and Atom feeds.
#include "base/error.h"
#include "data/import_dialects.h"
#include "data/import_run.h"
#include "data/merchant_xml.h"
#include "data/structured_text.h"
#include "data/table_file.h"
#include "data/xml_scan.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

/// imageLink -> image_link
std::string snake_case(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !out.empty()) out += '_';
    out += upper ? static_cast<char>(c + 32) : c;
  }
  return out;
}

std::string scalar(const Json& value) { return value.is_string() ? trim_space(value.get<std::string>()) : value.is_null() ? "" : dump_line(value); }

/// {"value":"12.99","currency":"CNY"} or {"amountMicros":"12990000","currencyCode":"CNY"} as "12.99 CNY".
std::string price_text(const Json& price) {
  if (!price.is_object()) return scalar(price);
  const std::string currency = price.contains("currency") ? scalar(price["currency"]) : price.contains("currencyCode") ? scalar(price["currencyCode"]) : "";
  if (price.contains("value")) return scalar(price["value"]) + " " + currency;
  if (!price.contains("amountMicros")) return dump_line(price);
  const std::string micros = scalar(price["amountMicros"]);
  const bool digits = !micros.empty() && micros.size() < 16 && micros.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) return micros;
  const std::string padded = micros.size() < 7 ? std::string(7 - micros.size(), '0') + micros : micros;
  std::string amount = padded.substr(0, padded.size() - 6) + "." + padded.substr(padded.size() - 6);
  while (amount.ends_with('0')) amount.pop_back();
  if (amount.ends_with('.')) amount.pop_back();
  return amount + " " + currency;
}

void take_details(const Json& details, RowTarget& target) {
  if (!details.is_array() && !details.is_null()) target.note("productDetails", "BAD_FIELD", Severity::warn, dump_line(details));
  if (!details.is_array()) return;
  for (const Json& detail : details) {
    if (!detail.is_object()) {
      target.note("productDetails", "BAD_FIELD", Severity::warn, dump_line(detail));
      continue;
    }
    const std::string key = detail.contains("attributeName") ? scalar(detail["attributeName"]) : "", value = detail.contains("attributeValue") ? scalar(detail["attributeValue"]) : "";
    if (key.empty() || value.empty()) target.note("productDetails", "ATTR_EMPTY", Severity::warn, dump_line(detail));
    else add_attribute(target.product, key, value);
  }
}

const ColumnRules& merchant_rules() {
  static thread_local const ColumnRules kRules = ColumnRules::load("merchant");
  return kRules;
}

void take_member(const std::string& name, const Json& value, RowTarget& target) {
  std::string snake = snake_case(name);
  if (snake == "offer_id" || (name == "id" && target.product.id.empty())) return apply_json("id", name, value, target);
  if (snake == "price") return apply_text("price_with_currency", name, price_text(value), target);
  if (snake == "product_details") return take_details(value, target);
  if (snake == "additional_image_links" || snake == "product_types") snake.pop_back();
  if (snake == "gtins") snake = "gtin";
  const std::string field = merchant_rules().field_of(snake);
  const bool takes_first = field == "category" || field == "gtin";
  if (takes_first && value.is_array() && !value.empty()) return apply_json(field, name, value.front(), target);
  if (field == "media_detail" && value.is_array()) {
    for (const Json& one : value) apply_json("media_detail", name, one, target);
    return;
  }
  if (field.empty() || field == "id") return keep_unknown(name, value, target);
  apply_json(field, name, value, target);
}

/// What a structured text says, whether it is a cell or an object of its parts; "" when there is none.
std::string structured_content(const Json& kept, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto value = kept.find(name);
    if (value == kept.end()) continue;
    if (value->is_string()) return read_structured_text(value->get_ref<const std::string&>()).content;
    if (value->is_object() && value->contains("content") && (*value)["content"].is_string()) return trim_space((*value)["content"].get_ref<const std::string&>());
  }
  return "";
}

void note_length(std::string_view name, std::string_view text, size_t most, RowTarget& target) {
  const size_t length = text::count_code_points(text);
  if (length > most) target.note(name, "TOO_LONG", Severity::warn, concat(length, " characters, at most ", most, ": ", text));
}

/// An element's text; of one without, as Atom's <link href="…"/>, its address.
std::string text_of(const XmlField& field, std::string_view item) {
  const std::string_view content = field.content.of(item);
  if (!content.empty()) return xml_text(content);
  XmlScanner tags(field.element.of(item));
  const auto tag = tags.next();
  const auto address = tag ? xml_attribute(tag->attributes, "href") : std::nullopt;
  return address ? xml_unescape(*address) : "";
}

/// An element's children as an object of their texts.
Json parts_of(std::string_view element) {
  Json parts = Json::object();
  for (const XmlField& part : xml_fields(element)) parts[std::string(part.name)] = trim_space(xml_text(part.content.of(element)));
  return parts;
}

/// Elements of one item, by their names without prefix.
class MerchantXmlRows : public RowReader {
 public:
  MerchantXmlRows(TextWindow& window, ImportRun& run) : run_(run), items_(window, run.file()) { run.set_format("merchant"); }

  std::optional<ProductRow> next() override {
    XmlItem item;
    if (!items_.next(item)) return std::nullopt;
    if (item.is_too_large) return run_.reject(item.number, "", "TOO_LARGE", item.text.substr(0, 400));
    if (!text::is_valid_utf8(item.text)) return run_.reject(item.number, "", "ENC_BAD_SEQ", item.text.substr(0, 400));
    RowTarget target;
    target.row = item.number;
    for (const XmlField& field : xml_fields(item.text)) {
      const std::string name(field.name);
      if (field.has_children && name.starts_with("structured_")) {
        keep_unknown(name, parts_of(field.element.of(item.text)), target);
        continue;
      }
      if (field.has_children) {
        if (!field.content.of(item.text).empty()) keep_unknown(name, std::string(field.content.of(item.text)), target);
        continue;
      }
      const std::string column_field = name == "id" ? "id" : merchant_rules().field_of(name);
      apply_cell({name, column_field}, text_of(field, item.text), target);
    }
    finish_merchant_row(target);
    if (target.product.id.empty()) return run_.reject(item.number, "id", "MISSING_REQUIRED", target.product.title_raw);
    return run_.keep(std::move(target));
  }

 private:
  ImportRun& run_;
  XmlItems items_;
};

}  // namespace

std::optional<FieldProblem> read_merchant_json(const Json& row, const ColumnRules&, RowTarget& target) {
  for (const auto& [name, value] : row.items()) {
    const bool nested = (name == "attributes" || name == "productAttributes") && value.is_object();
    if (!nested) {
      take_member(name, value, target);
      continue;
    }
    for (const auto& [inner_name, inner] : value.items()) take_member(inner_name, inner, target);
  }
  finish_merchant_row(target);
  if (target.product.id.empty()) return FieldProblem{"MISSING_REQUIRED", "id", target.product.title_raw};
  return std::nullopt;
}

void finish_merchant_row(RowTarget& target) {
  constexpr size_t kMaxTitle = 150, kMaxDescription = 5000;  // code points
  Product& product = target.product;
  const std::string title = structured_content(product.extra, {"structured_title", "structuredTitle"});
  const std::string description = structured_content(product.extra, {"structured_description", "structuredDescription"});
  note_length("title", product.title_raw, kMaxTitle, target);
  note_length("structured_title", title, kMaxTitle, target);
  note_length("description", product.description_raw, kMaxDescription, target);
  note_length("structured_description", description, kMaxDescription, target);
  if (product.title_raw.empty()) product.title_raw = title;
  if (product.description_raw.empty()) product.description_raw = description;
}

std::unique_ptr<RowReader> merchant_xml_rows(TextWindow& window, ImportRun& run) { return std::make_unique<MerchantXmlRows>(window, run); }

}  // namespace vitrine::data
