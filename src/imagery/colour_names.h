// imagery/colour_names.h - thirteen colour names in Chinese and English, and which one a Lab colour
// is called.
#pragma once
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "imagery/lab.h"

namespace vitrine::imagery {

enum class ColourName {
  black,
  white,
  grey,
  red,
  pink,
  orange,
  yellow,
  green,
  blue,
  navy,
  purple,
  brown,
  beige
};
inline constexpr size_t kColourNames = 13;

/// "black" …
std::string_view english(ColourName name);
/// 黑色 …: the value of 颜色 in product tables.
std::string_view chinese(ColourName name);
/// By either name, or by the Chinese one without 色. Nothing for another word.
std::optional<ColourName> colour_name(std::string_view word);

/// How well each name fits, by ColourName; sum 1. By the distance to the nearest colour that the
/// table (colour_names.cpp) has for it, where lightness counts less than a and b; a colour between
/// two names belongs to both.
std::array<float, kColourNames> name_fits(Lab lab) noexcept;

}  // namespace vitrine::imagery
