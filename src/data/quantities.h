// data/quantities.h - counts and prices as shops write them: 1.2万, 1000+, 1,299, ￥12.50.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vitrine::data {

struct Count {
  int64_t value = 0;
  bool at_least = false;  // written with a +: the true count may be larger
};

/// 12000 of "1.2万", "1.2w", "12,000"; 1000 (at_least) of "1000+", "1000 以上". Full width is read. Nothing for a
/// negative number, a fraction, or anything else.
std::optional<Count> parse_count(std::string_view text);

enum class PriceProblem { none, not_a_number, negative, decimals };

struct Price {
  double amount = 0;
  std::string currency;  // ISO code when the text has one or a sign for it, else empty
  PriceProblem problem = PriceProblem::none;
};

/// "12.50", "¥1,299", "12.99 CNY", "88元". At most 2 decimals.
Price parse_price(std::string_view text);

/// Digits with thousands commas and one point, a sign allowed: the value, else nothing. The whole text must be used.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace vitrine::data
