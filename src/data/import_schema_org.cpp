// schema.org/Product, JSON-LD. Source: schema.org's definitions of Product, Offer, PropertyValue.
#include "base/error.h"
#include "data/import_dialects.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

bool names_product(const Json& type) {
  if (!type.is_string()) return false;
  const auto& name = type.get_ref<const std::string&>();
  const size_t begin = name.find_last_of("/:#");
  const std::string last = begin == std::string::npos ? name : name.substr(begin + 1);
  return last == "Product" || last == "IndividualProduct" || last == "ProductModel" || last == "ProductGroup";
}

/// A text, or the name (value, @id, @value) of an object, or the first of a list.
std::string name_of(const Json& value) {
  if (value.is_string()) return trim_space(value.get<std::string>());
  if (value.is_number() || value.is_boolean()) return value.dump();
  if (value.is_array()) return value.empty() ? "" : name_of(value.front());
  for (const char* name : {"name", "value", "@value", "url", "contentUrl", "@id"}) {
    if (value.is_object() && value.contains(name)) return name_of(value[name]);
  }
  return "";
}

template <typename Take>
void for_each_of(const Json& value, const Take& take) {
  if (!value.is_array()) return take(value);
  for (const Json& one : value) take(one);
}

void add_property(const Json& property, RowTarget& target) {
  if (!property.is_object()) return target.note("additionalProperty", "ATTR_NO_SEPARATOR", Severity::warn, dump_line(property));
  const std::string key = property.contains("name") ? name_of(property["name"]) : "", value = property.contains("value") ? name_of(property["value"]) : "";
  if (key.empty() || value.empty()) return target.note("additionalProperty", "ATTR_EMPTY", Severity::warn, dump_line(property));
  const std::string unit = property.contains("unitText") ? name_of(property["unitText"]) : property.contains("unitCode") ? name_of(property["unitCode"]) : "";
  Attribute& attribute = add_attribute(target.product, key, value);
  if (!unit.empty()) attribute.extra["unitCode"] = unit;
}

/// A value with a name, or a note that it has none; a number where a text stands is noted and taken.
void apply_named(const char* field, const std::string& name, const Json& value, RowTarget& target) {
  const std::string text = name_of(value);
  const bool is_empty_text = value.is_string() || (value.is_array() && value.empty());
  if (text.empty() && !is_empty_text) target.note(name, "BAD_FIELD", Severity::warn, dump_line(value));
  if (!value.is_structured()) check_type(field, name, value, target);
  apply_text(field, name, text, target);
}

void take_offer(const Json& offers, RowTarget& target) {
  const Json& offer = offers.is_array() && !offers.empty() ? offers.front() : offers;
  if (!offer.is_object()) return target.note("offers", "BAD_FIELD", Severity::warn, dump_line(offers));
  const char* price = offer.contains("price") ? "price" : "lowPrice";
  if (offer.contains(price)) apply_named("price", "offers.price", offer[price], target);
  if (offer.contains("priceCurrency") && target.product.extra.contains("price")) apply_text("currency", "offers.priceCurrency", name_of(offer["priceCurrency"]), target);
}

void take_member(const std::string& name, const Json& value, RowTarget& target) {
  const auto put = [&](const char* field) { apply_named(field, name, value, target); };
  if (name == "name") return put("title");
  if (name == "description") return put("description");
  if (name == "brand") return put("brand");
  if (name == "sku") return put("sku");
  if (name == "category") return put("category");
  if (name.starts_with("gtin")) return put("gtin");
  if (name == "productID") return put("id");
  if (name == "color" || name == "material" || name == "size" || name == "pattern") {
    return for_each_of(value, [&](const Json& one) { apply_named("attribute", name, one, target); });
  }
  if (name == "additionalProperty") return for_each_of(value, [&](const Json& one) { add_property(one, target); });
  if (name == "image") return for_each_of(value, [&](const Json& one) { apply_named(target.product.extra.contains("media") ? "media_detail" : "media_one", name, one, target); });
  if (name == "offers") take_offer(value, target);
  if (name == "aggregateRating" && !value.is_object()) target.note(name, "BAD_FIELD", Severity::warn, dump_line(value));
  if (name == "aggregateRating" && value.is_object() && value.contains("reviewCount")) apply_named("reviews", "aggregateRating.reviewCount", value["reviewCount"], target);
  keep_unknown(name, value, target);
}

}  // namespace

bool is_schema_org_product(const Json& row) {
  const auto type = row.find("@type");
  if (type == row.end()) return false;
  bool found = false;
  for_each_of(*type, [&](const Json& one) { found = found || names_product(one); });
  return found;
}

std::optional<FieldProblem> read_schema_org(const Json& row, const ColumnRules&, RowTarget& target) {
  for (const auto& [name, value] : row.items()) {
    if (!value.is_null() && !name.starts_with("@")) take_member(name, value, target);
  }
  if (target.product.id.empty() && row.contains("sku")) target.product.id = name_of(row["sku"]);
  if (target.product.id.empty() && row.contains("@id")) target.product.id = name_of(row["@id"]);
  if (target.product.title_raw.empty()) return FieldProblem{"MISSING_REQUIRED", "name", ""};
  return std::nullopt;
}

}  // namespace vitrine::data
