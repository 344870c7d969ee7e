// data/product.h - one product of the shop: what every other room takes and gives.
//
// The record is docs/formats/product.md: JSON, UTF-8, one object a line. Fields we do not know are kept
// in `extra` and written back unchanged.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::data {

/// A longer attribute key or value is refused at import (TOO_LARGE): it is no selling point that a text could say.
inline constexpr size_t kMaxAttributeCodePoints = 1000;

/// One key-value pair of a product. `key`, `val` are canonical after normalisation, before it equal to the raw ones.
struct Attribute {
  std::string id;                // unique in its product: "a1", "a2", …
  std::string key_raw, val_raw;  // as the shop wrote them (NFC)
  std::string key, val;
  std::optional<std::string> unit;  // canonical unit of `number`: "cm", "kg", …
  std::optional<double> number;
  double confidence = 1;      // 0..1; 1 = exact spelling or table, 0 = not mapped
  std::string evidence_id;    // a doc or sentence that proves it; may be empty
  std::string origin = "import";  // import | extracted | edited
  Json extra;                 // unknown fields; null when there are none
};

/// Where a product came from.
struct Source {
  std::string file;     // name as given on the command line, "-" for standard input
  int64_t row = 0;      // line of the file where the row starts, from 1
  std::string format;   // advertisegen | product | jsonl | csv | tsv
  std::string licence;  // may be empty
  Json extra;
};

struct Product {
  std::string id;
  Source source;
  std::string locale = "zh-CN";
  std::vector<std::string> category_path;  // from wide to narrow; may be empty
  std::string brand, gtin, title_raw, description_raw;
  std::vector<Attribute> attributes;  // in the order of the source; keys may repeat
  std::string summary;                // copy written by a person, may be empty
  Json extra = Json::object();        // signals, docs, media, price and unknown fields
};

/// The record as JSON; empty optional fields are left out.
Json to_json(const Attribute& attribute);
Json to_json(const Product& product);

/// What is wrong with a record: the code of the import report, the field, and its value.
struct FieldProblem {
  std::string code;    // MISSING_REQUIRED | BAD_FIELD
  std::string column;  // such as "attributes[2].val_raw"
  std::string value;
};

/// Fills `product` from a record. `id` may be absent (the importer then gives one); an absent locale means zh-CN, an absent
/// key or val means the raw one. Returns the first problem, or nothing when the record is good.
std::optional<FieldProblem> read_product(const Json& json, Product& product);

/// As read_product, for records whose id is required. `where` is the file and row in messages.
/// Throws InvalidInput naming the field and the value.
Product product_from_json(const Json& json, std::string_view where);

/// Last of category_path, else the value of the first attribute with the key 类型, else "".
std::string category_of(const Product& product);

/// The id of a row that has none: first 12 hex digits of the file's SHA-256, "-", line number from 1.
std::string stable_id(std::string_view file_sha256, int64_t row);

/// Appends a pair with the next free id; key and val start as the raw ones.
Attribute& add_attribute(Product& product, std::string key_raw, std::string val_raw);

}  // namespace vitrine::data
