#include "checks/product_kinds.h"

#include <algorithm>

#include "base/error.h"
#include "checks/tsv_rules.h"

namespace vitrine::checks {
namespace {

constexpr std::string_view kNone = "none";

}  // namespace

void ProductKinds::add(Word& words, std::string_view pattern, KindSet kinds) {
  for (const std::u32string& term : expand_pattern(folded_term(pattern))) {
    const uint32_t id = words.search.add(term);
    words.kinds.resize(words.search.size());
    words.kinds[id] |= kinds;
  }
}

ProductKinds ProductKinds::load(const std::filesystem::path& dir) {
  ProductKinds result;
  const auto file = dir / "categories.tsv";
  const auto rows = read_rule_file(file).rows;
  for (const RuleRow& row : rows) {
    for (const std::string& kind : split(row.at("kinds"), ';')) {
      const bool known =
          std::find(result.names_.begin(), result.names_.end(), kind) != result.names_.end();
      if (!known && kind != kNone) result.names_.push_back(kind);
    }
  }
  VITRINE_REQUIRE(result.names_.size() <= 64, "[ProductKinds] ", file.string(),
                  ": expected at most 64 kinds, got ", result.names_.size());
  for (const RuleRow& row : rows) {
    const std::string where = concat(file.string(), " line ", row.line);
    const KindSet kinds = row.at("kinds") == kNone ? 0 : result.parse(row.at("kinds"), where);
    for (const std::string& place : split(row.at("where"), ';')) {
      VITRINE_REQUIRE(place == "category" || place == "title" || place == "attribute",
                      "[ProductKinds] ", where, ", field where: expected category, title or ",
                      "attribute, got '", place, "'");
      Word& words = place == "category" ? result.category_
                    : place == "title"  ? result.title_
                                        : result.attribute_;
      for (const std::string& word : split(row.at("words"), ';')) result.add(words, word, kinds);
    }
  }
  for (Word* words : {&result.category_, &result.title_, &result.attribute_}) words->search.build();
  return result;
}

KindSet ProductKinds::parse(std::string_view kinds, std::string_view where) const {
  KindSet set = 0;
  for (const std::string& kind : split(kinds, ';')) {
    const auto found = std::find(names_.begin(), names_.end(), kind);
    VITRINE_REQUIRE(found != names_.end(), "[ProductKinds] ", where,
                    ", field kinds: expected a kind of categories.tsv, got '", kind, "'");
    set |= KindSet{1} << (found - names_.begin());
  }
  return set;
}

KindSet ProductKinds::found(const Word& words, std::u32string_view text) const {
  KindSet set = 0;
  size_t end = 0;
  for (const auto& match : words.search.plain(text)) {
    if (match.begin < end) continue;
    end = match.end;
    set |= words.kinds[match.id];
  }
  return set;
}

KindSet ProductKinds::of(const Evidence& evidence) const {
  std::u32string categories = folded_or_empty(evidence.category());
  for (const std::string& name : evidence.category_path())
    categories += U'\n' + folded_or_empty(name);
  KindSet set = found(category_, categories) | found(title_, evidence.title());
  for (const Fact& attribute : evidence.attributes()) set |= found(attribute_, attribute.raw);
  return set;
}

}  // namespace vitrine::checks
