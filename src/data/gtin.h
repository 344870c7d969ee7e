// data/gtin.h - trade item numbers (GTIN-8, 12, 13, 14) and their check digit.
#pragma once
#include <string_view>

namespace vitrine::data {

enum class GtinProblem { none, not_a_gtin, wrong_check_digit };

/// Digits only, spaces and hyphens ignored. Weights 3, 1 from the right of what stands before the
/// check digit. Source: GS1 General Specifications, section on check digits.
GtinProblem check_gtin(std::string_view text);

}  // namespace vitrine::data
