#include "data/normalization.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/resource.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr int kMaxAffixSteps = 2;
constexpr double kAffixConfidence = 0.9;

/// Whether the attribute came from the one before it by an earlier normalisation: a3.2 after a3, with the same raw pair.
bool is_split_of(const Attribute& attribute, const Attribute& before) {
  const auto base = [](const std::string& id) { return id.substr(0, id.find('.')); };
  return attribute.id.find('.') != std::string::npos && base(attribute.id) == base(before.id) &&
         attribute.key_raw == before.key_raw && attribute.val_raw == before.val_raw;
}

std::filesystem::path rules_path(std::string_view name) { return resource_path(concat("rules/normalization/", name)); }

/// "棉95%氨纶5%" into 棉95% and 氨纶5%; "95%棉5%氨纶" into 95%棉 and 5%氨纶. One part when there is no second percentage.
std::vector<std::string> split_percentages(const std::string& folded) {
  const bool number_first = !folded.empty() && folded[0] >= '0' && folded[0] <= '9';
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < folded.size(); ++i) {
    const bool digit = folded[i] >= '0' && folded[i] <= '9';
    const bool after_word = i > 0 && static_cast<unsigned char>(folded[i - 1]) >= 0x80;
    if (number_first && digit && after_word) parts.emplace_back();
    parts.back() += folded[i];
    if (!number_first && folded[i] == '%' && i + 1 < folded.size()) parts.emplace_back();
  }
  return parts;
}

void add_once(std::vector<NormalizedValue>& values, NormalizedValue value) {
  const bool known = std::any_of(values.begin(), values.end(), [&](const NormalizedValue& v) { return v.val == value.val && v.number == value.number; });
  if (!known) values.push_back(std::move(value));
}

}  // namespace

AttributeNormalizer AttributeNormalizer::load() {
  AttributeNormalizer normalizer;
  normalizer.keys_ = AttributeKeys::load();
  normalizer.units_ = UnitTable::load();
  normalizer.load_schema();
  normalizer.load_values();
  normalizer.load_affixes();
  normalizer.load_categories();
  return normalizer;
}

AttributeNormalizer::Kind AttributeNormalizer::parse_kind(std::string_view name, std::string_view where) {
  constexpr std::pair<std::string_view, Kind> kKinds[] = {{"closed", Kind::closed}, {"open", Kind::open}, {"measure", Kind::measure},
                                                          {"size", Kind::size}, {"layout", Kind::layout}, {"time", Kind::time}};
  for (const auto& [kind_name, kind] : kKinds) {
    if (kind_name == name) return kind;
  }
  throw Corrupt(concat("[AttributeNormalizer] ", where, ": unknown kind ", name));
}

void AttributeNormalizer::load_schema() {
  const auto path = rules_path("schema.tsv");
  for (const TableRow& row : read_table(path, {"key", "kind", "units", "bare"})) {
    Schema& schema = schema_[row.cells[0]];
    schema.kind = parse_kind(row.cells[1], concat(path.string(), " line ", row.line));
    schema.measure.classes = split_any(row.cells[2], U"|");
    schema.measure.dimensions = schema.kind == Kind::size;
    if (row.cells[3].empty()) continue;
    const Unit* bare = units_.find(fold_name(row.cells[3]));
    if (bare == nullptr) throw Corrupt(concat("[AttributeNormalizer] ", path.string(), " line ", row.line, ": unknown unit ", row.cells[3]));
    schema.measure.bare_unit = bare->name;
  }
}

void AttributeNormalizer::load_values() {
  const auto path = rules_path("values.tsv");
  for (const TableRow& row : read_table(path, {"key", "value", "synonym"})) {
    auto spellings = split_any(row.cells[2], U"|");
    spellings.push_back(row.cells[1]);
    for (const std::string& key : split_any(row.cells[0], U"|")) {
      for (const std::string& spelling : spellings) {
        const auto [entry, added] = values_[key].emplace(fold_name(spelling), row.cells[1]);
        if (!added && entry->second != row.cells[1]) {
          throw Corrupt(concat("[AttributeNormalizer] ", path.string(), " line ", row.line, ": ", key, " ", spelling, " is already ", entry->second));
        }
      }
    }
  }
}

void AttributeNormalizer::load_affixes() {
  const auto path = rules_path("affixes.tsv");
  for (const TableRow& row : read_table(path, {"key", "step", "text"})) {
    const std::string& step = row.cells[1];
    const bool known = step == "add_suffix" || step == "drop_suffix" || step == "drop_prefix";
    if (!known || row.cells[2].empty()) throw Corrupt(concat("[AttributeNormalizer] ", path.string(), " line ", row.line, ": unknown step ", step));
    const Affix affix{step == "add_suffix", step != "drop_prefix", fold_name(row.cells[2])};
    for (const std::string& key : split_any(row.cells[0], U"|")) affixes_[key].push_back(affix);
  }
}

void AttributeNormalizer::load_categories() {
  for (const TableRow& row : read_table(rules_path("categories.tsv"), {"ending", "type"})) types_[fold_name(row.cells[0])] = row.cells[1];
}

std::string AttributeNormalizer::type_of(std::string_view category) const {
  const std::string folded = fold_name(category);
  for (size_t begin = 0; begin < folded.size(); ++begin) {  // the longest ending first; a cut inside a character never fits
    const auto found = types_.find(std::string_view(folded).substr(begin));
    if (found != types_.end()) return found->second;
  }
  return std::string(category);
}

const AttributeNormalizer::Schema& AttributeNormalizer::schema_of(const std::string& key) const {
  static const Schema kOpen;
  const auto found = schema_.find(key);
  return found == schema_.end() ? kOpen : found->second;
}

const std::string* AttributeNormalizer::lookup(const std::string& key, std::string_view folded) const {
  const auto values = values_.find(key);
  if (values == values_.end()) return nullptr;
  const auto found = values->second.find(folded);
  return found == values->second.end() ? nullptr : &found->second;
}

/// What one affix rule makes of the text.
std::vector<std::string> AttributeNormalizer::affix_variants(const std::string& key, const std::string& folded) const {
  std::vector<std::string> variants;
  const auto affixes = affixes_.find(key);
  if (affixes == affixes_.end()) return variants;
  for (const Affix& affix : affixes->second) {
    const size_t size = affix.text.size();
    if (affix.add) variants.push_back(folded + affix.text);
    else if (folded.size() <= size) continue;
    else if (affix.suffix && folded.ends_with(affix.text)) variants.push_back(folded.substr(0, folded.size() - size));
    else if (!affix.suffix && folded.starts_with(affix.text)) variants.push_back(folded.substr(size));
  }
  return variants;
}

std::optional<NormalizedValue> AttributeNormalizer::match_word(const std::string& key, const std::string& folded) const {
  if (const std::string* exact = lookup(key, folded)) return NormalizedValue{*exact, {}, {}, 1};
  std::vector<std::string> texts{folded};
  for (int step = 0; step < kMaxAffixSteps; ++step) {
    std::vector<std::string> next;
    std::set<std::string> found;
    for (const std::string& text : texts) {
      for (std::string& variant : affix_variants(key, text)) {
        if (const std::string* value = lookup(key, variant)) found.insert(*value);
        next.push_back(std::move(variant));
      }
    }
    if (found.size() > 1) return std::nullopt;
    if (found.size() == 1) return NormalizedValue{*found.begin(), {}, {}, kAffixConfidence};
    texts = std::move(next);
  }
  return std::nullopt;
}

/// "95%棉", "棉95%", "1.8米大床": a word with a number of the key's unit classes before or behind it.
std::optional<NormalizedValue> AttributeNormalizer::match_with_quantity(const std::string& key, const std::string& folded) const {
  const auto& classes = schema_of(key).measure.classes;
  if (classes.empty()) return std::nullopt;
  const std::u32string text = text::to_utf32(folded);
  for (size_t begin = 0; begin < text.size(); ++begin) {
    size_t at = begin;
    const auto number = read_number(text, at);
    const Unit* unit = number ? units_.read_unit(text, at, classes) : nullptr;
    if (unit == nullptr) continue;
    if (begin > 0 && at < text.size()) return std::nullopt;
    const std::u32string_view word = begin == 0 ? std::u32string_view(text).substr(at) : std::u32string_view(text).substr(0, begin);
    auto value = word.empty() ? std::nullopt : match_word(key, text::to_utf8(word));
    if (!value) return std::nullopt;
    value->unit = unit->name;
    value->number = *number;
    return value;
  }
  return std::nullopt;
}

std::optional<NormalizedValue> AttributeNormalizer::match_measure(const std::string& key, const std::string& folded,
                                                                  const std::string& header_unit) const {
  MeasureRules rules = schema_of(key).measure;
  const Unit* of_header = header_unit.empty() ? nullptr : units_.find(header_unit);
  if (of_header != nullptr) rules.bare_unit = of_header->name;
  std::vector<std::string> texts{folded};
  for (int step = 0; step <= kMaxAffixSteps; ++step) {
    std::vector<std::string> next;
    for (const std::string& text : texts) {
      if (auto measure = parse_measure(text, rules, units_)) return NormalizedValue{measure->text, measure->unit, measure->number, 1};
      for (std::string& variant : affix_variants(key, text)) next.push_back(std::move(variant));
    }
    texts = std::move(next);
  }
  return std::nullopt;
}

std::optional<NormalizedValue> AttributeNormalizer::match_whole(const std::string& key, std::string_view text,
                                                                const std::string& header_unit) const {
  const std::string folded = fold_name(text);
  const Kind kind = schema_of(key).kind;
  if (auto word = match_word(key, folded)) return word;
  if (kind == Kind::closed) return match_with_quantity(key, folded);
  if (kind == Kind::measure || kind == Kind::size) return match_measure(key, folded, header_unit);
  const auto parsed = kind == Kind::layout ? parse_layout(folded) : kind == Kind::time ? parse_time_of_day(folded) : std::nullopt;
  if (!parsed) return std::nullopt;
  return NormalizedValue{*parsed, {}, {}, 1};
}

/// Adds the values of all parts, or nothing when one does not match.
bool AttributeNormalizer::match_parts(const std::string& key, const std::vector<std::string>& parts, NormalizedPair& pair) const {
  std::vector<NormalizedValue> values;
  for (const std::string& part : parts) {
    auto value = match_whole(key, part, "");
    if (!value) return false;
    values.push_back(std::move(*value));
  }
  for (NormalizedValue& value : values) add_once(pair.values, std::move(value));
  return !parts.empty();
}

void AttributeNormalizer::match_list(const std::string& key, std::string_view text, NormalizedPair& pair) const {
  for (const std::string& part : split_any(text, U"/、,，;；|+＋&")) {
    const bool matched = match_parts(key, {part}, pair) || match_parts(key, split_any(part, U" \t　"), pair) ||
                         match_parts(key, split_percentages(fold_name(part)), pair);
    if (!matched) pair.unmapped.push_back(part);
  }
}

NormalizedPair AttributeNormalizer::map_pair(std::string_view key_raw, std::string_view val_raw, std::string_view category) const {
  NormalizedPair pair;
  pair.key = keys_.canonical(key_raw, type_of(category));
  if (!pair.key) {
    pair.unmapped.emplace_back(val_raw);
    return pair;
  }
  if (auto value = match_whole(*pair.key, val_raw, split_key(key_raw).unit)) {
    pair.values.push_back(std::move(*value));
    return pair;
  }
  const Kind kind = schema_of(*pair.key).kind;
  if (kind == Kind::open) pair.values.push_back({trim_space(val_raw), {}, {}, 1});
  else if (kind == Kind::closed) match_list(*pair.key, val_raw, pair);
  else pair.unmapped.emplace_back(val_raw);
  return pair;
}

std::vector<UnmappedPair> AttributeNormalizer::normalize(Product& product) const {
  std::string category = product.category_path.empty() ? "" : product.category_path.back();
  for (size_t i = 0; category.empty() && i < product.attributes.size(); ++i) {
    if (keys_.canonical(product.attributes[i].key_raw, "") == "类型") category = product.attributes[i].val_raw;
  }
  std::vector<Attribute> normalized;
  std::vector<UnmappedPair> unmapped;
  for (size_t position = 0; position < product.attributes.size(); ++position) {
    const Attribute& raw = product.attributes[position];
    if (position > 0 && is_split_of(raw, product.attributes[position - 1])) continue;
    NormalizedPair pair = map_pair(raw.key_raw, raw.val_raw, category);
    for (const std::string& part : pair.unmapped) {
      unmapped.push_back({raw.id, raw.key_raw, part, pair.key ? "VALUE_UNMAPPED" : "KEY_UNMAPPED"});
      pair.values.push_back({part, {}, {}, 0});
    }
    for (size_t i = 0; i < pair.values.size(); ++i) {
      Attribute& attribute = normalized.emplace_back(raw);
      if (i > 0) attribute.id = concat(raw.id, ".", i + 1);
      attribute.key = pair.key.value_or(raw.key_raw);
      attribute.val = pair.values[i].val;
      attribute.unit = pair.values[i].unit;
      attribute.number = pair.values[i].number;
      attribute.confidence = std::min(raw.confidence, pair.values[i].confidence);
    }
  }
  product.attributes = std::move(normalized);
  return unmapped;
}

}  // namespace vitrine::data
