// data/normalization.h - raw attribute pairs of a shop to canonical keys, values and units (属性归一).
//
// All knowledge lies in rules/normalization/*.tsv. A pair that the tables do not reach is listed and kept as it is:
// nothing is guessed.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/attribute_keys.h"
#include "data/product.h"
#include "data/units.h"

namespace vitrine::data {

/// A pair, or a part of one, that stays raw.
struct UnmappedPair {
  std::string attribute_id;
  std::string key_raw, val_raw;  // val_raw: the part that is not mapped
  std::string code;              // KEY_UNMAPPED | VALUE_UNMAPPED
};

struct NormalizedValue {
  std::string val;
  std::optional<std::string> unit;
  std::optional<double> number;
  double confidence = 1;  // 1 = the tables have the spelling or it is a number with unit; 0.9 = by an affix rule
};

struct NormalizedPair {
  std::optional<std::string> key;         // nothing: the key is unknown
  std::vector<NormalizedValue> values;    // several when the cell lists several
  std::vector<std::string> unmapped;      // parts of the value that no rule reaches
};

/// Immutable after load, thread-safe.
class AttributeNormalizer {
 public:
  /// Reads the tables through resource_path. Throws NotFound, or Corrupt naming file and line.
  static AttributeNormalizer load();

  /// The pair in a category (a shop category or a 类型; empty = unknown).
  NormalizedPair map_pair(std::string_view key_raw, std::string_view val_raw, std::string_view category) const;

  /// Fills key, val, unit, number and confidence of every attribute; a listed value becomes several attributes (ids a3,
  /// a3.2, …) with the same raw pair. Unmapped pairs keep their raw spelling at confidence 0 and are returned.
  std::vector<UnmappedPair> normalize(Product& product) const;

  /// 上衣, 裙 or 裤 of a shop category (女装 > 连衣裙 is 裙); the category itself when no ending fits.
  std::string type_of(std::string_view category) const;

  const UnitTable& units() const { return units_; }

 private:
  enum class Kind { closed, open, measure, size, layout, time };
  struct Schema {
    Kind kind = Kind::open;
    MeasureRules measure;
  };
  struct Affix {
    bool add = false;     // else drop
    bool suffix = false;  // else prefix
    std::string text;
  };
  using ValueMap = std::map<std::string, std::string, std::less<>>;  // folded spelling -> canonical

  static Kind parse_kind(std::string_view name, std::string_view where);
  void load_schema();
  void load_values();
  void load_affixes();
  void load_categories();

  const Schema& schema_of(const std::string& key) const;
  const std::string* lookup(const std::string& key, std::string_view folded) const;
  std::vector<std::string> affix_variants(const std::string& key, const std::string& folded) const;
  std::optional<NormalizedValue> match_word(const std::string& key, const std::string& folded) const;
  std::optional<NormalizedValue> match_with_quantity(const std::string& key, const std::string& folded) const;
  std::optional<NormalizedValue> match_measure(const std::string& key, const std::string& folded, const std::string& header_unit) const;
  std::optional<NormalizedValue> match_whole(const std::string& key, std::string_view text, const std::string& header_unit) const;
  bool match_parts(const std::string& key, const std::vector<std::string>& parts, NormalizedPair& pair) const;
  void match_list(const std::string& key, std::string_view text, NormalizedPair& pair) const;

  AttributeKeys keys_;
  UnitTable units_;
  std::map<std::string, Schema, std::less<>> schema_;
  std::map<std::string, ValueMap, std::less<>> values_;
  std::map<std::string, std::vector<Affix>, std::less<>> affixes_;
  std::map<std::string, std::string, std::less<>> types_;  // folded ending -> 类型
};

}  // namespace vitrine::data
