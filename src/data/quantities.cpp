#include "data/quantities.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "data/table_file.h"

namespace vitrine::data {
namespace {

using Word = std::pair<std::string_view, std::string_view>;

bool remove_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix) || text.size() == suffix.size()) return false;
  text.remove_suffix(suffix.size());
  return true;
}

double remove_multiplier(std::string_view& text) {
  constexpr std::array<std::pair<std::string_view, double>, 6> kWords{
      {{"亿", 1e8}, {"万", 1e4}, {"w", 1e4}, {"千", 1e3}, {"k", 1e3}, {"百", 1e2}}};
  for (const auto& [word, factor] : kWords) {
    if (remove_suffix(text, word)) return factor;
  }
  return 1;
}

std::string remove_currency(std::string_view& text) {
  // Folded text: the full width ￥ is ¥ here, letters are lower.
  constexpr std::array<Word, 9> kSigns{{{"¥", "CNY"}, {"cny", "CNY"}, {"rmb", "CNY"}, {"人民币", "CNY"}, {"元", "CNY"},
                                        {"usd", "USD"}, {"$", "USD"}, {"eur", "EUR"}, {"€", "EUR"}}};
  for (const auto& [sign, code] : kSigns) {
    if (text.starts_with(sign)) {
      text.remove_prefix(sign.size());
      remove_suffix(text, "元");
      return std::string(code);
    }
    if (remove_suffix(text, sign)) return std::string(code);
  }
  return "";
}

size_t decimals_of(std::string_view number) {
  const size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : number.size() - point - 1;
}

/// Thousands commas stand in front of groups of three digits.
bool commas_fit(std::string_view whole) {
  for (size_t comma = whole.find(','); comma != std::string_view::npos; comma = whole.find(',', comma + 1)) {
    const size_t next = std::min(whole.find(',', comma + 1), whole.size());
    if (comma == 0 || next - comma != 4) return false;
  }
  return true;
}

}  // namespace

std::optional<double> parse_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::string_view whole = text.substr(0, text.find('.'));
  if (!commas_fit(whole)) return std::nullopt;
  std::string digits;
  for (const char c : text) {
    if (c == ',' ) continue;
    if ((c < '0' || c > '9') && c != '.') return std::nullopt;
    digits += c;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return negative ? -value : value;
}

std::optional<Count> parse_count(std::string_view text) {
  const std::string folded = fold_name(text);
  std::string_view rest = folded;
  Count count;
  count.at_least = remove_suffix(rest, "+") || remove_suffix(rest, "以上");
  const double factor = remove_multiplier(rest);
  const auto number = parse_decimal(rest);
  if (!number) return std::nullopt;
  const double value = *number * factor;
  // 1.2 x 10000 is not exact in binary, a fraction of a piece is far from a whole number.
  if (value < 0 || value > 9e15 || std::abs(value - std::round(value)) > 1e-6) return std::nullopt;
  count.value = std::llround(value);
  return count;
}

Price parse_price(std::string_view text) {
  const std::string folded = fold_name(text);
  std::string_view rest = folded;
  Price price;
  price.currency = remove_currency(rest);
  const auto number = parse_decimal(rest);
  if (!number || *number > 1e12) price.problem = PriceProblem::not_a_number;
  else if (*number < 0) price.problem = PriceProblem::negative;
  else if (decimals_of(rest) > 2) price.problem = PriceProblem::decimals;
  else price.amount = *number;
  return price;
}

}  // namespace vitrine::data
