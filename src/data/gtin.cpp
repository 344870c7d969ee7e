#include "data/gtin.h"

#include <string>

namespace vitrine::data {

GtinProblem check_gtin(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9') return GtinProblem::not_a_gtin;
    digits += c;
  }
  if (digits.size() != 8 && (digits.size() < 12 || digits.size() > 14)) return GtinProblem::not_a_gtin;
  int sum = 0;
  for (size_t from_right = 1; from_right < digits.size(); ++from_right) {
    sum += (digits[digits.size() - 1 - from_right] - '0') * (from_right % 2 == 1 ? 3 : 1);
  }
  return (10 - sum % 10) % 10 == digits.back() - '0' ? GtinProblem::none : GtinProblem::wrong_check_digit;
}

}  // namespace vitrine::data
