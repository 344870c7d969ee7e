// data/units.h - numbers with units as shops write them, by rules/normalization/units.tsv.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::data {

struct Unit {
  std::string name;  // canonical sign: cm, kg, ㎡, 万像素
  std::string unit_class;  // length, mass, …: units convert inside their class only
  double factor = 1;  // base units of the class in one of these
};

/// A number at text[at]: 12, 1.5, 1,200, 十二, 两, 半. Moves `at` behind it; nothing (and `at` kept) when there is none.
std::optional<double> read_number(std::u32string_view text, size_t& at);

/// At most 15 significant digits, no trailing zeros: 1.5, 500.
std::string format_number(double number);

class UnitTable {
 public:
  /// Throws NotFound or Corrupt.
  static UnitTable load();

  /// A spelling of a unit after fold_name ("平米", "m2"), nullptr when unknown.
  const Unit* find(std::string_view folded) const;
  /// The longest unit spelling of one of `classes` at text[at]; moves `at` behind it. nullptr (and `at` kept) when there is none.
  const Unit* read_unit(std::u32string_view text, size_t& at, const std::vector<std::string>& classes) const;
  /// value in `to` units; nothing when a unit is unknown or the classes differ. convert(1, 斤, g) = 500.
  std::optional<double> convert(double value, std::string_view from, std::string_view to) const;

 private:
  std::map<std::string, Unit, std::less<>> units_;  // by folded spelling
};

/// A measure in its canonical spelling.
struct Measure {
  std::string text;              // 45㎡, 40-60cm, 500g×2, 30×20×10cm
  std::string unit;              // canonical, of the (first) number
  std::optional<double> number;  // only for a single number
};

struct MeasureRules {
  std::vector<std::string> classes;  // units that are allowed
  std::string bare_unit;             // meant when the text has none; empty = such a text is no measure
  bool dimensions = false;           // 30*20*10cm
};

/// Reads all of a folded text as a measure, else nothing: a number, a range (-, ~, 至, 到), a number times a count, or
/// with rules.dimensions one to three numbers joined by * or ×. The writer's unit is kept.
std::optional<Measure> parse_measure(std::string_view folded, const MeasureRules& rules, const UnitTable& units);

/// 14:00 of "14:00后", "下午2点", "14点半起"; nothing for a range or anything else. `folded` as above.
std::optional<std::string> parse_time_of_day(std::string_view folded);

/// 2室1厅1卫 of "两室一厅一卫", "2房1厅1卫", "三居室" (3室); nothing for anything else.
std::optional<std::string> parse_layout(std::string_view folded);

}  // namespace vitrine::data
