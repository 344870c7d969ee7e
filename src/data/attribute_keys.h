// data/attribute_keys.h - the attribute keys the program knows and how shops spell them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vitrine::data {

/// A raw key taken apart: "重量(kg)" is the key 重量 whose bare numbers are kg.
struct KeyParts {
  std::string name;  // folded, without unit and colon
  std::string unit;  // folded text in brackets, may be empty
};
KeyParts split_key(std::string_view raw);

/// rules/normalization/keys.tsv: canonical key, synonym, category (empty = any).
class AttributeKeys {
 public:
  static AttributeKeys load();

  /// The canonical key of a raw one in a category; nothing when the tables do not have it.
  std::optional<std::string> canonical(std::string_view raw, std::string_view category) const;
  /// Whether some category knows the key.
  bool knows(std::string_view raw) const;

 private:
  using Key = std::pair<std::string, std::string>;  // folded synonym, category
  std::map<Key, std::string> canonical_;
};

}  // namespace vitrine::data
