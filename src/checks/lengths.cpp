#include "checks/lengths.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <memory>
#include <set>
#include <utility>

#include "base/error.h"
#include "checks/tsv_rules.h"
#include "text/code_point_class.h"
#include "text/encoding.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 5> kUnitNames{"code_points", "weighted", "utf8_bytes",
                                                     "gb18030_bytes", "lines"};

using BasicPlane = std::bitset<0x10000>;

/// The code points that GB18030 writes with two bytes, read off the system's converter.
std::unique_ptr<const BasicPlane> make_two_byte_plane() {
  std::string bytes;
  for (int lead = 0x81; lead <= 0xFE; ++lead) {
    for (int trail = 0x40; trail <= 0xFE; ++trail) {
      if (trail == 0x7F) continue;
      bytes += static_cast<char>(lead);
      bytes += static_cast<char>(trail);
    }
  }
  std::string utf8 = text::decode(bytes, text::Encoding::gb18030);
  std::erase(utf8, text::kBadSequence);
  auto plane = std::make_unique<BasicPlane>();
  for (const char32_t c : text::to_utf32(utf8)) {
    if (c < 0x10000) plane->set(c);
  }
  return plane;
}

int64_t gb18030_bytes_of(char32_t c) {
  static const auto two_bytes = make_two_byte_plane();
  if (c < 0x80) return 1;
  return c < 0x10000 && two_bytes->test(c) ? 2 : 4;
}

int64_t utf8_bytes_of(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

bool is_surrogate(char32_t c) { return c >= 0xD800 && c < 0xE000; }

/// The cluster in NFC; most clusters are already.
std::u32string composed(std::u32string_view cluster) {
  const bool plain = cluster.size() == 1 && (cluster[0] < 0x80 || text::is_plain(cluster[0]));
  if (plain || std::any_of(cluster.begin(), cluster.end(), is_surrogate)) {
    return std::u32string(cluster);
  }
  return text::to_utf32(text::nfc(text::to_utf8(cluster)));
}

/// Everything but lines, which a cluster does not have.
Lengths lengths_of_cluster(std::u32string_view cluster) {
  Lengths lengths;
  const std::u32string nfc = composed(cluster);
  lengths.code_points = static_cast<int64_t>(nfc.size());
  for (const char32_t c : nfc) lengths.weighted += text::is_double_width(c) ? 2 : 1;
  if (text::is_emoji(cluster)) lengths.weighted = 2;
  for (const char32_t c : cluster) {
    lengths.utf8_bytes += utf8_bytes_of(c);
    lengths.gb18030_bytes += gb18030_bytes_of(c);
  }
  return lengths;
}

template <typename Visit>
void for_each_cluster(std::u32string_view text, const Visit& visit) {
  size_t begin = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    visit(begin, end);
    begin = end;
  }
}

int64_t count_lines(std::u32string_view text) {
  int64_t lines = 0;
  bool filled = false;
  for (const char32_t c : text) {
    if (c == U'\n') filled = false;
    if (filled || text::is_space(c)) continue;
    filled = true;
    ++lines;
  }
  return lines;
}

/// Reads the cells of one row of lengths.tsv.
class LimitRow {
 public:
  LimitRow(const fs::path& file, const RuleRow& row) : file_(file), row_(row) {}

  Limit read(const RuleSet& rules) const {
    Limit limit;
    limit.rule = &rules.at(row_.at("rule_id"), place());
    if (limit.rule->test != "length") fail("rule_id", "a rule of test length");
    limit.platform = text("platform");
    limit.field = text("field");
    limit.unit = unit();
    limit.min = number("min");
    limit.max = number("max");
    if (limit.min && limit.max && *limit.min > *limit.max) fail("min", "at most max");
    if (!row_.at("no_emoji").empty() && row_.at("no_emoji") != "yes")
      fail("no_emoji", "yes or nothing");
    limit.no_emoji = row_.at("no_emoji") == "yes";
    limit.max_tags = number("max_tags");
    limit.checked_at = row_.at("checked_at");
    limit.status = status();
    limit.source = row_.at("source");
    limit.note = row_.at("note");
    return limit;
  }

 private:
  std::string place() const { return concat(file_.string(), " line ", row_.line); }
  [[noreturn]] void fail(std::string_view field, std::string_view expected) const {
    throw InvalidInput(concat("[LengthRules] ", place(), ", field ", field, ": expected ", expected,
                              ", got '", row_.at(field), "'"));
  }
  std::string text(std::string_view field) const {
    if (row_.at(field).empty()) fail(field, "a value");
    return row_.at(field);
  }
  LengthUnit unit() const {
    const auto found = std::find(kUnitNames.begin(), kUnitNames.end(), row_.at("unit"));
    if (found == kUnitNames.end()) {
      fail("unit", "code_points, weighted, utf8_bytes, gb18030_bytes or lines");
    }
    return static_cast<LengthUnit>(found - kUnitNames.begin());
  }
  std::optional<int64_t> number(std::string_view field) const {
    const std::string& cell = row_.at(field);
    if (cell.empty()) return std::nullopt;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size() || value < 0) {
      fail(field, "a number >= 0 or nothing");
    }
    return value;
  }
  RuleStatus status() const {
    for (const auto s : {RuleStatus::verified, RuleStatus::practice, RuleStatus::unverified}) {
      if (to_string(s) == row_.at("status")) return s;
    }
    fail("status", "verified, practice or unverified");
  }

  const fs::path& file_;
  const RuleRow& row_;
};

RuleHit hit_of(const Limit& limit, std::u32string_view text, size_t begin, size_t end) {
  RuleHit hit;
  hit.begin = begin;
  hit.end = end;
  hit.term = text::to_utf8(text.substr(begin, end - begin));
  hit.rule = limit.rule;
  hit.level = limit.rule->level;
  return hit;
}

void find_emoji(const Limit& limit, std::u32string_view text, std::vector<RuleHit>& hits) {
  for_each_cluster(text, [&](size_t begin, size_t end) {
    if (!text::is_emoji(text.substr(begin, end - begin))) return;
    hits.push_back(hit_of(limit, text, begin, end));
    hits.back().repair = Repair{.kind = Repair::Kind::replace, .text = ""};
  });
}

}  // namespace

Lengths measure_lengths(std::u32string_view text) {
  Lengths sum;
  for_each_cluster(text, [&](size_t begin, size_t end) {
    const Lengths one = lengths_of_cluster(text.substr(begin, end - begin));
    sum.code_points += one.code_points;
    sum.weighted += one.weighted;
    sum.utf8_bytes += one.utf8_bytes;
    sum.gb18030_bytes += one.gb18030_bytes;
  });
  sum.lines = count_lines(text);
  return sum;
}

Lengths measure_lengths(std::string_view utf8) { return measure_lengths(text::to_utf32(utf8)); }

Json to_json(const Lengths& lengths) {
  return {{"code_points", lengths.code_points},
          {"weighted", lengths.weighted},
          {"utf8_bytes", lengths.utf8_bytes},
          {"gb18030_bytes", lengths.gb18030_bytes}};
}

std::string_view to_string(LengthUnit unit) { return kUnitNames[static_cast<size_t>(unit)]; }

int64_t length_in(const Lengths& lengths, LengthUnit unit) {
  switch (unit) {
    case LengthUnit::code_points:
      return lengths.code_points;
    case LengthUnit::weighted:
      return lengths.weighted;
    case LengthUnit::utf8_bytes:
      return lengths.utf8_bytes;
    case LengthUnit::gb18030_bytes:
      return lengths.gb18030_bytes;
    case LengthUnit::lines:
      return lengths.lines;
  }
  throw InternalError("[length_in] unit out of range");
}

std::vector<size_t> tag_places(std::u32string_view text) {
  std::vector<size_t> places;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != U'#' && text[i] != U'＃') continue;
    const char32_t next = text[i + 1];
    if (text::is_space(next) || text::is_punctuation(next)) continue;
    const bool closes_topic = i > 0 && (text[i - 1] == U']' || text[i - 1] == U'］');
    if (!closes_topic) places.push_back(i);
  }
  return places;
}

size_t prefix_within(std::u32string_view text, LengthUnit unit, int64_t most) {
  size_t fitting = 0;
  if (unit == LengthUnit::lines) {
    while (fitting < text.size() && count_lines(text.substr(0, fitting + 1)) <= most) ++fitting;
    return fitting;
  }
  int64_t used = 0;
  for_each_cluster(text, [&](size_t begin, size_t end) {
    used += length_in(lengths_of_cluster(text.substr(begin, end - begin)), unit);
    if (used <= most) fitting = end;
  });
  return fitting;
}

LengthRules LengthRules::load(const RuleSet& rules, const fs::path& shop) {
  LengthRules result;
  result.read(rules, rules.dir() / "lengths.tsv");
  if (!shop.empty()) result.read(rules, shop);
  return result;
}

void LengthRules::read(const RuleSet& rules, const fs::path& file) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const RuleRow& row : read_rule_file(file).rows) {
    Limit limit = LimitRow(file, row).read(rules);
    VITRINE_REQUIRE(seen.emplace(limit.platform, limit.field).second, "[LengthRules] ",
                    file.string(), " line ", row.line,
                    ", field field: expected one row a platform and field, got '", limit.platform,
                    " ", limit.field, "' again");
    const auto same = std::find_if(limits_.begin(), limits_.end(), [&](const Limit& other) {
      return other.platform == limit.platform && other.field == limit.field;
    });
    if (same == limits_.end()) {
      limits_.push_back(std::move(limit));
    } else {
      *same = std::move(limit);
    }
  }
}

const Limit* LengthRules::find_limit(std::string_view platform, std::string_view field) const {
  for (const Limit& limit : limits_) {
    if (limit.platform == platform && limit.field == field) return &limit;
  }
  return nullptr;
}

std::vector<std::string> LengthRules::platforms() const {
  std::vector<std::string> names;
  for (const Limit& limit : limits_) {
    if (std::find(names.begin(), names.end(), limit.platform) == names.end()) {
      names.push_back(limit.platform);
    }
  }
  return names;
}

void LengthRules::find(std::string_view utf8, const CheckContext& context,
                       std::vector<RuleHit>& hits) const {
  const Limit* limit = find_limit(context.platform, context.field);
  if (limit == nullptr || (!context.today.empty() && !applies(*limit->rule, context.today))) return;
  const std::u32string text = text::to_utf32(utf8);
  const int64_t length = length_in(measure_lengths(text), limit->unit);
  if (limit->max && length > *limit->max) {
    hits.push_back(
        hit_of(*limit, text, prefix_within(text, limit->unit, *limit->max), text.size()));
  }
  if (limit->min && length < *limit->min) hits.push_back(hit_of(*limit, text, 0, text.size()));
  if (limit->no_emoji) find_emoji(*limit, text, hits);
  const auto tags = limit->max_tags ? tag_places(text) : std::vector<size_t>();
  if (std::ssize(tags) > limit->max_tags.value_or(0)) {
    const size_t first_too_many = tags[static_cast<size_t>(*limit->max_tags)];
    hits.push_back(hit_of(*limit, text, first_too_many, text.size()));
  }
}

}  // namespace vitrine::checks
