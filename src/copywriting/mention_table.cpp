#include "copywriting/mention_table.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/resource.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kMinStem = 2;  // code points of a value whose ending is left out
constexpr uint64_t kHoldOutSeed = 41;

std::u32string folded_name(std::string_view utf8) {
  return fold_code_points(text::to_utf32(data::fold_name(utf8)));
}

/// Single ASCII letters stand for nothing in a text.
bool is_searchable(std::u32string_view folded) {
  return folded.size() > 1 || (!folded.empty() && folded[0] >= 0x80);
}

bool is_held_out(std::string_view spelling, double share) {
  return RandomKey(hash64(spelling, kHoldOutSeed)).uniform(0) < share;
}

}  // namespace

std::u32string fold_code_points(std::u32string_view text) {
  std::u32string folded(text);
  for (char32_t& c : folded) {
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
    if (c >= U'A' && c <= U'Z') c += 32;
  }
  return folded;
}

bool key_fits_type(std::string_view key, std::string_view type) {
  if (type.empty()) return true;
  if (key.starts_with("裙")) return type == "裙";
  if (key.starts_with("裤")) return type == "裤";
  if (key.starts_with("衣")) return type == "上衣";
  return true;
}

MentionTable MentionTable::load(const std::filesystem::path& vocabulary, double held_out_share) {
  MentionTable table;
  table.load_vocabulary(vocabulary);
  table.load_synonyms(held_out_share);
  table.load_affixes();
  table.add_stems();
  return table;
}

void MentionTable::load_vocabulary(const std::filesystem::path& path) {
  for (const auto& row : data::read_table(path, {"key", "value", "count"})) {
    int64_t count = 0;
    const std::string& cell = row.cells[2];
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), count);
    if (error != std::errc() || end != cell.data() + cell.size()) {
      throw Corrupt(concat("[MentionTable] ", path.string(), " line ", row.line,
                           ": count: expected a number, got ", cell));
    }
    values_[row.cells[0]][row.cells[1]] += count;
    add(folded_name(row.cells[1]), {row.cells[0], row.cells[1], count});
  }
}

void MentionTable::load_synonyms(double held_out_share) {
  const auto path = resource_path("rules/normalization/values.tsv");
  for (const auto& row : data::read_table(path, {"key", "value", "synonym"})) {
    for (const std::string& key : data::split_any(row.cells[0], U"|")) {
      if (!values_.contains(key)) continue;
      const std::string& value = row.cells[1];
      const auto& counts = values_[key];
      const int64_t count = counts.contains(value) ? counts.at(value) : 0;
      add(folded_name(value), {key, value, count});
      for (const std::string& spelling : data::split_any(row.cells[2], U"|")) {
        const bool held_out = is_held_out(spelling, held_out_share);
        add(folded_name(spelling), {key, value, count, held_out});
        spellings_[key][value].emplace_back(spelling, held_out);
      }
    }
  }
}

void MentionTable::load_affixes() {
  const auto path = resource_path("rules/normalization/affixes.tsv");
  for (const auto& row : data::read_table(path, {"key", "step", "text"})) {
    for (const std::string& key : data::split_any(row.cells[0], U"|")) {
      if (!values_.contains(key)) continue;
      auto& target = row.cells[1] == "drop_suffix" ? endings_ : additions_;
      if (row.cells[1] != "drop_prefix") target[key].push_back(text::to_utf32(row.cells[2]));
    }
  }
}

/// 酒红 of 酒红色: a value without the ending that the rules would put back.
void MentionTable::add_stems() {
  for (const auto& [key, counts] : values_) {
    for (const auto& [value, count] : counts) {
      const std::u32string whole = folded_name(value);
      for (const auto& ending : additions_[key]) {
        if (!whole.ends_with(ending) || whole.size() < ending.size() + kMinStem) continue;
        const std::u32string stem = whole.substr(0, whole.size() - ending.size());
        if (canonical(key, text::to_utf8(stem)) != whole) continue;
        add(stem, {key, value, count});
        spellings_[key][value].emplace_back(text::to_utf8(stem), false);
      }
    }
  }
}

void MentionTable::add(std::u32string folded, ValueReading reading) {
  if (!is_searchable(folded)) return;
  longest_ = std::max(longest_, folded.size());
  auto& readings = readings_[std::move(folded)];
  const bool known = std::any_of(readings.begin(), readings.end(), [&](const ValueReading& r) {
    return r.key == reading.key && r.value == reading.value;
  });
  if (!known) readings.push_back(std::move(reading));
}

std::vector<std::string> MentionTable::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, counts] : values_) keys.push_back(key);
  return keys;
}

const std::vector<ValueReading>* MentionTable::readings(std::u32string_view folded) const {
  const auto found = readings_.find(std::u32string(folded));
  return found == readings_.end() ? nullptr : &found->second;
}

std::u32string MentionTable::canonical(std::string_view key, std::string_view val) const {
  const auto pair = normalizer_.map_pair(key, val, "");
  if (pair.key == key && pair.values.size() == 1) return folded_name(pair.values[0].val);
  return folded_name(val);
}

std::vector<std::string> MentionTable::spellings(std::string_view key, std::string_view value,
                                                 bool held_out) const {
  std::vector<std::string> found;
  const auto of_key = spellings_.find(key);
  if (of_key == spellings_.end()) return found;
  const auto of_value = of_key->second.find(std::string(value));
  if (of_value == of_key->second.end()) return found;
  for (const auto& [spelling, is_out] : of_value->second) {
    if (is_out == held_out) found.push_back(spelling);
  }
  return found;
}

std::vector<std::string> MentionTable::with_endings(std::string_view key,
                                                    std::string_view value) const {
  std::vector<std::string> found;
  const std::u32string folded = folded_name(value);
  for (const auto& ending : endings(key)) {
    std::string spelling = std::string(value) + text::to_utf8(ending);
    if (canonical(key, spelling) == folded) found.push_back(std::move(spelling));
  }
  return found;
}

const std::map<std::string, int64_t>& MentionTable::values(std::string_view key) const {
  static const std::map<std::string, int64_t> kNone;
  const auto found = values_.find(key);
  return found == values_.end() ? kNone : found->second;
}

const std::vector<std::u32string>& MentionTable::endings(std::string_view key) const {
  static const std::vector<std::u32string> kNone;
  const auto found = endings_.find(key);
  return found == endings_.end() ? kNone : found->second;
}

Relation MentionTable::relation(std::u32string_view folded, std::string_view key,
                                std::string_view val) const {
  const std::u32string own = folded_name(val);
  if (own == folded) return Relation::supports;
  const std::u32string value = canonical(key, val);
  if (const auto* means = readings(folded)) {
    for (const ValueReading& reading : *means) {
      if (reading.key == key && folded_name(reading.value) == value) return Relation::supports;
    }
  }
  if (canonical(key, text::to_utf8(folded)) == value) return Relation::supports;
  const auto holds = [](std::u32string_view whole, std::u32string_view part) {
    return whole.find(part) != std::u32string_view::npos;
  };
  for (const std::u32string& spelled : {own, value}) {
    if (holds(spelled, folded) || holds(folded, spelled)) return Relation::unclear;
  }
  return Relation::unrelated;
}

}  // namespace vitrine::copywriting
