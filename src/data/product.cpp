#include "data/product.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.h"

namespace vitrine::data {
namespace {

using Problem = std::optional<FieldProblem>;

Problem bad(std::string column, const Json& value) { return FieldProblem{"BAD_FIELD", std::move(column), dump_line(value)}; }
Problem missing(std::string column) { return FieldProblem{"MISSING_REQUIRED", std::move(column), ""}; }

/// Reads known fields of one object; what nobody asked for is the rest.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::string prefix) : json_(json), prefix_(std::move(prefix)) {}

  ObjectReader& text(const char* name, std::string& out) {
    return field(name, [&](const Json& v) {
      if (!v.is_string()) return false;
      out = v.get<std::string>();
      return true;
    });
  }
  ObjectReader& number(const char* name, double& out) {
    return field(name, [&](const Json& v) {
      if (!v.is_number()) return false;
      out = v.get<double>();
      return true;
    });
  }
  ObjectReader& integer(const char* name, int64_t& out) {
    return field(name, [&](const Json& v) {
      if (!v.is_number_integer()) return false;
      out = v.get<int64_t>();
      return true;
    });
  }
  ObjectReader& field(const char* name, const std::function<bool(const Json&)>& read) {
    known_.emplace_back(name);
    const auto found = json_.find(name);
    if (problem_ || found == json_.end() || found->is_null()) return *this;
    if (!read(*found)) problem_ = bad(prefix_ + name, *found);
    return *this;
  }
  /// Fields that were not read, in order; null when there are none and `empty` is null.
  Json rest(Json empty) const {
    for (const auto& [name, value] : json_.items()) {
      if (std::find(known_.begin(), known_.end(), name) == known_.end()) empty[name] = value;
    }
    return empty;
  }
  const Problem& problem() const { return problem_; }

 private:
  const Json& json_;
  std::string prefix_;
  std::vector<std::string> known_;
  Problem problem_;
};

bool read_strings(const Json& json, std::vector<std::string>& out) {
  if (!json.is_array()) return false;
  for (const Json& entry : json) {
    if (!entry.is_string()) return false;
    out.push_back(entry.get<std::string>());
  }
  return true;
}

Problem read_source(const Json& json, Source& source) {
  if (!json.is_object()) return bad("source", json);
  ObjectReader reader(json, "source.");
  reader.text("file", source.file).integer("row", source.row).text("format", source.format).text("licence", source.licence);
  source.extra = reader.rest(nullptr);
  return reader.problem();
}

void fill_defaults(Attribute& attribute, size_t position) {
  if (attribute.id.empty()) attribute.id = "a" + std::to_string(position + 1);
  if (attribute.key_raw.empty()) attribute.key_raw = attribute.key;
  if (attribute.val_raw.empty()) attribute.val_raw = attribute.val;
  if (attribute.key.empty()) attribute.key = attribute.key_raw;
  if (attribute.val.empty()) attribute.val = attribute.val_raw;
}

Problem read_attribute(const Json& json, size_t position, Attribute& attribute) {
  const std::string name = concat("attributes[", position, "]");
  if (!json.is_object()) return bad(name, json);
  ObjectReader reader(json, name + ".");
  std::string unit;
  double number = 0;
  reader.text("id", attribute.id).text("key_raw", attribute.key_raw).text("val_raw", attribute.val_raw);
  reader.text("key", attribute.key).text("val", attribute.val).text("unit", unit).number("number", number);
  reader.number("confidence", attribute.confidence).text("evidence_id", attribute.evidence_id).text("origin", attribute.origin);
  if (reader.problem()) return reader.problem();
  if (!unit.empty()) attribute.unit = unit;
  if (json.contains("number") && json["number"].is_number()) attribute.number = number;
  attribute.extra = reader.rest(nullptr);
  fill_defaults(attribute, position);
  if (attribute.key_raw.empty()) return missing(name + ".key_raw");
  if (attribute.val_raw.empty()) return missing(name + ".val_raw");
  if (!(attribute.confidence >= 0 && attribute.confidence <= 1)) return bad(name + ".confidence", json["confidence"]);
  return std::nullopt;
}

Problem read_attributes(const Json& json, std::vector<Attribute>& attributes) {
  if (!json.is_array()) return bad("attributes", json);
  attributes.reserve(json.size());
  for (size_t position = 0; position < json.size(); ++position) {
    if (auto problem = read_attribute(json[position], position, attributes.emplace_back())) return problem;
  }
  return std::nullopt;
}

void put_text(Json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}

void put_rest(Json& json, const Json& rest) {
  for (const auto& [name, value] : rest.items()) json[name] = value;
}

Json to_json(const Source& source) {
  Json json = {{"file", source.file}, {"row", source.row}, {"format", source.format}};
  put_text(json, "licence", source.licence);
  put_rest(json, source.extra);
  return json;
}

}  // namespace

Json to_json(const Attribute& attribute) {
  Json json = {{"id", attribute.id}, {"key_raw", attribute.key_raw}, {"val_raw", attribute.val_raw},
               {"key", attribute.key}, {"val", attribute.val}};
  if (attribute.unit) json["unit"] = *attribute.unit;
  if (attribute.number) json["number"] = *attribute.number;
  json["confidence"] = attribute.confidence;
  put_text(json, "evidence_id", attribute.evidence_id);
  json["origin"] = attribute.origin;
  put_rest(json, attribute.extra);
  return json;
}

Json to_json(const Product& product) {
  Json json = {{"id", product.id}, {"source", to_json(product.source)}, {"locale", product.locale}};
  json["category_path"] = product.category_path;
  put_text(json, "brand", product.brand);
  put_text(json, "gtin", product.gtin);
  json["title_raw"] = product.title_raw;
  put_text(json, "description_raw", product.description_raw);
  json["attributes"] = Json::array();
  for (const Attribute& attribute : product.attributes) json["attributes"].push_back(to_json(attribute));
  put_text(json, "summary", product.summary);
  put_rest(json, product.extra);
  return json;
}

Problem read_product(const Json& json, Product& product) {
  if (!json.is_object()) return bad("record", json);
  ObjectReader reader(json, "");
  Problem nested;
  reader.text("id", product.id).text("locale", product.locale).text("brand", product.brand).text("gtin", product.gtin);
  reader.text("title_raw", product.title_raw).text("description_raw", product.description_raw).text("summary", product.summary);
  reader.field("category_path", [&](const Json& v) { return read_strings(v, product.category_path); });
  reader.field("source", [&](const Json& v) { return !(nested = read_source(v, product.source)); });
  reader.field("attributes", [&](const Json& v) { return nested || !(nested = read_attributes(v, product.attributes)); });
  if (nested) return nested;
  if (reader.problem()) return reader.problem();
  product.extra = reader.rest(Json::object());
  return std::nullopt;
}

Product product_from_json(const Json& json, std::string_view where) {
  Product product;
  Problem problem = read_product(json, product);
  if (!problem && product.id.empty()) problem = missing("id");
  if (problem) {
    throw InvalidInput(concat("[product_from_json] ", where, ": ", problem->column, ": ", problem->code,
                              problem->value.empty() ? "" : ", got " + problem->value));
  }
  return product;
}

std::string category_of(const Product& product) {
  if (!product.category_path.empty()) return product.category_path.back();
  for (const Attribute& attribute : product.attributes) {
    if (attribute.key == "类型") return attribute.val;
  }
  return "";
}

std::string stable_id(std::string_view file_sha256, int64_t row) { return concat(file_sha256.substr(0, 12), "-", row); }

Attribute& add_attribute(Product& product, std::string key_raw, std::string val_raw) {
  Attribute& attribute = product.attributes.emplace_back();
  attribute.id = "a" + std::to_string(product.attributes.size());
  attribute.key = key_raw;
  attribute.val = val_raw;
  attribute.key_raw = std::move(key_raw);
  attribute.val_raw = std::move(val_raw);
  return attribute;
}

}  // namespace vitrine::data
