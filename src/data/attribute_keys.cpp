#include "data/attribute_keys.h"

#include "base/error.h"
#include "base/resource.h"
#include "data/table_file.h"

namespace vitrine::data {

KeyParts split_key(std::string_view raw) {
  std::string folded = fold_name(raw);
  while (folded.ends_with(':')) folded.pop_back();
  const size_t open = folded.find('(');
  if (open == std::string::npos || open == 0 || !folded.ends_with(')')) return {folded, ""};
  return {folded.substr(0, open), folded.substr(open + 1, folded.size() - open - 2)};
}

AttributeKeys AttributeKeys::load() {
  const auto path = resource_path("rules/normalization/keys.tsv");
  AttributeKeys keys;
  for (const TableRow& row : read_table(path, {"key", "synonym", "category"})) {
    const std::string& canonical = row.cells[0];
    keys.canonical_.emplace(Key(fold_name(canonical), ""), canonical);
    for (const std::string& synonym : split_any(row.cells[1], U"|")) {
      const auto [entry, added] = keys.canonical_.emplace(Key(fold_name(synonym), row.cells[2]), canonical);
      if (!added && entry->second != canonical) {
        throw Corrupt(concat("[AttributeKeys] ", path.string(), " line ", row.line, ": ", synonym, " is already ", entry->second));
      }
    }
  }
  return keys;
}

std::optional<std::string> AttributeKeys::canonical(std::string_view raw, std::string_view category) const {
  const std::string name = split_key(raw).name;
  for (const std::string_view scope : {category, std::string_view()}) {
    const auto found = canonical_.find(Key(name, scope));
    if (found != canonical_.end()) return found->second;
  }
  return std::nullopt;
}

bool AttributeKeys::knows(std::string_view raw) const {
  const std::string name = split_key(raw).name;
  const auto found = canonical_.lower_bound(Key(name, ""));
  return found != canonical_.end() && found->first.first == name;
}

}  // namespace vitrine::data
