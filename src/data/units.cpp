#include "data/units.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/resource.h"
#include "data/quantities.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr std::u32string_view kNumerals = U"零一二三四五六七八九";

int numeral(char32_t c) {
  if (c == U'两') return 2;
  const size_t digit = kNumerals.find(c);
  return digit == std::u32string_view::npos ? -1 : static_cast<int>(digit);
}

/// 十二, 二十, 一百二十, 两, 半: up to 999.
std::optional<double> read_numerals(std::u32string_view text, size_t& at) {
  if (at < text.size() && text[at] == U'半') {
    ++at;
    return 0.5;
  }
  double value = 0;
  int pending = -1;
  size_t end = at;
  for (; end < text.size(); ++end) {
    const char32_t c = text[end];
    if (c == U'十' || c == U'百') {
      value += (pending < 0 ? 1 : pending) * (c == U'十' ? 10 : 100);
      pending = -1;
    } else if (pending <= 0 && numeral(c) >= 0) {
      pending = numeral(c);
    } else {
      break;
    }
  }
  if (end == at) return std::nullopt;
  at = end;
  return value + std::max(pending, 0);
}

bool is_ascii_digit(char32_t c) { return c >= U'0' && c <= U'9'; }

/// Skips one of the spellings; the longest must stand first.
bool skip_any(std::u32string_view text, size_t& at, std::initializer_list<std::u32string_view> words) {
  for (const std::u32string_view word : words) {
    if (text.substr(at).starts_with(word)) {
      at += word.size();
      return true;
    }
  }
  return false;
}

struct Reading {
  const UnitTable& units;
  const MeasureRules& rules;
  std::u32string_view text;
  size_t at = 0;

  bool done() const { return at == text.size(); }
  const Unit* unit() { return units.read_unit(text, at, rules.classes); }
};

std::string bare_or(const Unit* unit, const Reading& reading) { return unit ? unit->name : reading.rules.bare_unit; }

/// "x2瓶" behind a measure: its text, or nothing when something else follows.
std::optional<std::string> read_times(Reading& reading) {
  if (!skip_any(reading.text, reading.at, {U"*", U"x", U"×"})) return std::nullopt;
  const auto count = read_number(reading.text, reading.at);
  if (!count) return std::nullopt;
  const Unit* piece = reading.units.read_unit(reading.text, reading.at, {"count"});
  return concat("×", format_number(*count), piece ? piece->name : "");
}

std::optional<Measure> read_range(Reading& reading, double first, const Unit* first_unit) {
  if (!skip_any(reading.text, reading.at, {U"-", U"~", U"至", U"到", U"—", U"〜"})) return std::nullopt;
  const auto second = read_number(reading.text, reading.at);
  const Unit* unit = reading.unit();
  const std::string name = bare_or(unit, reading);
  if (!second || !reading.done() || name.empty() || (first_unit && first_unit->name != name)) return std::nullopt;
  return Measure{concat(format_number(first), "-", format_number(*second), name), name, std::nullopt};
}

std::optional<Measure> read_dimensions(Reading& reading, double first, const Unit* first_unit) {
  std::string text = format_number(first);
  std::string name = first_unit ? first_unit->name : "";
  for (int count = 1; count < 3 && skip_any(reading.text, reading.at, {U"*", U"x", U"×"}); ++count) {
    const auto number = read_number(reading.text, reading.at);
    if (!number) return std::nullopt;
    const Unit* unit = reading.unit();
    if (unit && !name.empty() && unit->name != name) return std::nullopt;
    if (unit) name = unit->name;
    text += "×" + format_number(*number);
  }
  if (name.empty()) name = reading.rules.bare_unit;
  if (!reading.done() || name.empty()) return std::nullopt;
  return Measure{text + name, name, std::nullopt};
}

constexpr std::array<std::pair<std::u32string_view, char32_t>, 14> kRooms{{
    {U"居室", U'室'}, {U"卧室", U'室'}, {U"客厅", U'厅'}, {U"卫生间", U'卫'}, {U"厨房", U'厨'}, {U"阳台", U'阳'}, {U"室", U'室'},
    {U"房", U'室'}, {U"居", U'室'}, {U"卧", U'室'}, {U"厅", U'厅'}, {U"卫", U'卫'}, {U"厨", U'厨'}, {U"阳", U'阳'}}};

char32_t read_room(std::u32string_view text, size_t& at) {
  for (const auto& [word, room] : kRooms) {
    if (!text.substr(at).starts_with(word)) continue;
    at += word.size();
    return room;
  }
  return 0;
}

/// Hours and minutes behind the part of the day; false when the text goes another way.
bool read_clock(std::u32string_view text, size_t& at, int& hour, int& minute) {
  const auto hours = read_number(text, at);
  if (!hours || *hours != std::floor(*hours)) return false;
  hour = static_cast<int>(*hours);
  if (!skip_any(text, at, {U":", U"点钟", U"点", U"时"})) return false;
  if (skip_any(text, at, {U"半"})) {
    minute = 30;
  } else if (const auto minutes = read_number(text, at)) {
    minute = static_cast<int>(*minutes);
    skip_any(text, at, {U"分"});
  }
  return hour >= 0 && hour <= 24 && minute >= 0 && minute < 60;
}

}  // namespace

std::optional<double> read_number(std::u32string_view text, size_t& at) {
  size_t end = at;
  std::string digits;
  while (end < text.size() && (is_ascii_digit(text[end]) || text[end] == U'.' || text[end] == U',')) digits += static_cast<char>(text[end++]);
  if (digits.empty()) return read_numerals(text, at);
  const auto value = parse_decimal(digits);
  if (value) at = end;
  return value;
}

std::string format_number(double number) {
  std::array<char, 40> buffer;
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.15g", number);
  return {buffer.data(), static_cast<size_t>(size)};
}

UnitTable UnitTable::load() {
  const auto path = resource_path("rules/normalization/units.tsv");
  UnitTable table;
  for (const TableRow& row : read_table(path, {"unit", "class", "factor", "synonym"})) {
    const auto factor = parse_decimal(row.cells[2]);
    if (!factor || *factor <= 0) throw Corrupt(concat("[UnitTable] ", path.string(), " line ", row.line, ": expected a factor > 0, got ", row.cells[2]));
    const Unit unit{row.cells[0], row.cells[1], *factor};
    auto spellings = split_any(row.cells[3], U"|");
    spellings.push_back(unit.name);
    for (const std::string& spelling : spellings) table.units_.emplace(fold_name(spelling), unit);
  }
  return table;
}

const Unit* UnitTable::find(std::string_view folded) const {
  const auto found = units_.find(folded);
  return found == units_.end() ? nullptr : &found->second;
}

const Unit* UnitTable::read_unit(std::u32string_view text, size_t& at, const std::vector<std::string>& classes) const {
  constexpr size_t kLongest = 12;  // code points of a unit's spelling
  for (size_t length = std::min(kLongest, text.size() - at); length > 0; --length) {
    const Unit* unit = find(text::to_utf8(text.substr(at, length)));
    if (unit == nullptr || std::find(classes.begin(), classes.end(), unit->unit_class) == classes.end()) continue;
    at += length;
    return unit;
  }
  return nullptr;
}

std::optional<double> UnitTable::convert(double value, std::string_view from, std::string_view to) const {
  const Unit* source = find(fold_name(from));
  const Unit* target = find(fold_name(to));
  if (source == nullptr || target == nullptr || source->unit_class != target->unit_class) return std::nullopt;
  return value * source->factor / target->factor;
}

std::optional<Measure> parse_measure(std::string_view folded, const MeasureRules& rules, const UnitTable& units) {
  const std::u32string text = text::to_utf32(folded);
  Reading reading{units, rules, text};
  const auto number = read_number(text, reading.at);
  if (!number) return std::nullopt;
  const Unit* unit = reading.unit();
  const std::string name = bare_or(unit, reading);
  if (reading.done()) {
    if (name.empty()) return std::nullopt;
    return Measure{format_number(*number) + name, name, *number};
  }
  if (rules.dimensions) return read_dimensions(reading, *number, unit);
  if (auto range = read_range(reading, *number, unit)) return range;
  const auto times = unit ? read_times(reading) : std::nullopt;
  if (!times || !reading.done()) return std::nullopt;
  return Measure{format_number(*number) + name + *times, name, std::nullopt};
}

std::optional<std::string> parse_time_of_day(std::string_view folded) {
  const std::u32string text = text::to_utf32(folded);
  size_t at = 0;
  const bool afternoon = skip_any(text, at, {U"下午", U"晚上", U"傍晚"});
  if (!afternoon) skip_any(text, at, {U"早上", U"上午", U"中午"});
  int hour = 0, minute = 0;
  if (!read_clock(text, at, hour, minute)) return std::nullopt;
  if (afternoon && hour < 12) hour += 12;
  skip_any(text, at, {U"以后", U"以前", U"之后", U"之前", U"后", U"前", U"起"});
  if (at != text.size()) return std::nullopt;
  std::array<char, 16> buffer;
  std::snprintf(buffer.data(), buffer.size(), "%02d:%02d", hour, minute);
  return std::string(buffer.data());
}

std::optional<std::string> parse_layout(std::string_view folded) {
  const std::u32string text = text::to_utf32(folded);
  std::string layout;
  for (size_t at = 0; at < text.size();) {
    const auto number = read_number(text, at);
    const char32_t room = number ? read_room(text, at) : 0;
    if (room == 0) return std::nullopt;
    layout += format_number(*number) + text::to_utf8(room);
  }
  return layout.empty() ? std::nullopt : std::optional(layout);
}

}  // namespace vitrine::data
