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

/// The name of the nearest colour of the table (colour_names.cpp), where a difference in lightness
/// counts less than one in a and b.
ColourName name_colour(Lab lab);

}  // namespace vitrine::imagery
