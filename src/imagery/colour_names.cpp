#include "imagery/colour_names.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vitrine::imagery {
namespace {

struct Words {
  std::string_view english, chinese;
};

constexpr std::array<Words, kColourNames> kWords = {{
    {"black", "黑色"},
    {"white", "白色"},
    {"grey", "灰色"},
    {"red", "红色"},
    {"pink", "粉色"},
    {"orange", "橙色"},
    {"yellow", "黄色"},
    {"green", "绿色"},
    {"blue", "蓝色"},
    {"navy", "深蓝色"},
    {"purple", "紫色"},
    {"brown", "棕色"},
    {"beige", "米色"},
}};

struct Anchor {
  ColourName name;
  Lab lab;
};

// Where each name lies. The colours are those of cloth in photographs: black is rarely under L = 8,
// white rarely over 95.
constexpr Anchor kAnchors[] = {
    {ColourName::black, {8, 0, 0}},      {ColourName::black, {18, 1, -1}},
    {ColourName::white, {95, 0, 0}},     {ColourName::white, {85, 0, -1}},
    {ColourName::white, {80, 0, -5}},    {ColourName::grey, {36, 0, -1}},
    {ColourName::grey, {48, 0, -1}},     {ColourName::grey, {60, 0, -1}},
    {ColourName::grey, {70, 0, -1}},     {ColourName::red, {45, 62, 40}},
    {ColourName::red, {34, 45, 22}},     {ColourName::red, {25, 32, 12}},
    {ColourName::red, {45, 52, 22}},     {ColourName::red, {52, 68, 55}},
    {ColourName::pink, {75, 25, 4}},     {ColourName::pink, {62, 45, 0}},
    {ColourName::pink, {80, 14, 5}},     {ColourName::pink, {55, 60, -5}},
    {ColourName::pink, {65, 28, 14}},    {ColourName::orange, {62, 42, 62}},
    {ColourName::orange, {68, 28, 58}},  {ColourName::yellow, {85, 2, 62}},
    {ColourName::yellow, {72, 4, 52}},   {ColourName::yellow, {90, -6, 36}},
    {ColourName::green, {50, -40, 25}},  {ColourName::green, {30, -20, 8}},
    {ColourName::green, {70, -25, 25}},  {ColourName::green, {42, -8, 20}},
    {ColourName::green, {26, -5, 10}},   {ColourName::green, {55, -35, 2}},
    {ColourName::green, {14, -10, 1}},   {ColourName::pink, {62, 17, 12}},

    {ColourName::green, {58, -8, 16}},   {ColourName::blue, {50, 0, -34}},
    {ColourName::blue, {62, -8, -24}},   {ColourName::blue, {38, 14, -50}},
    {ColourName::blue, {72, -12, -18}},  {ColourName::blue, {44, -3, -20}},
    {ColourName::blue, {40, -3, -11}},   {ColourName::blue, {70, -25, -15}},
    {ColourName::navy, {18, 6, -18}},    {ColourName::navy, {24, 3, -16}},
    {ColourName::navy, {22, 1, -9}},     {ColourName::navy, {24, 12, -34}},
    {ColourName::purple, {35, 38, -36}}, {ColourName::purple, {48, 28, -26}},
    {ColourName::purple, {25, 22, -12}}, {ColourName::purple, {66, 18, -20}},
    {ColourName::brown, {34, 12, 18}},   {ColourName::brown, {24, 10, 10}},
    {ColourName::brown, {44, 14, 24}},   {ColourName::brown, {52, 14, 28}},
    {ColourName::brown, {46, 8, 14}},    {ColourName::beige, {84, 2, 13}},
    {ColourName::beige, {74, 5, 18}},    {ColourName::beige, {64, 5, 18}},
};

constexpr float kLightnessWeight = 0.6f;
constexpr float kFitWidth = 4;  // units of a and b

}  // namespace

std::string_view english(ColourName name) { return kWords[static_cast<size_t>(name)].english; }
std::string_view chinese(ColourName name) { return kWords[static_cast<size_t>(name)].chinese; }

std::optional<ColourName> colour_name(std::string_view word) {
  constexpr std::string_view kSuffix = "色";
  for (size_t i = 0; i < kWords.size(); ++i) {
    const std::string_view zh = kWords[i].chinese;
    if (word == kWords[i].english || word == zh || word == zh.substr(0, zh.size() - kSuffix.size()))
      return static_cast<ColourName>(i);
  }
  return std::nullopt;
}

std::array<float, kColourNames> name_fits(Lab lab) noexcept {
  std::array<float, kColourNames> nearest;  // squared distances
  nearest.fill(std::numeric_limits<float>::max());
  for (const auto& [name, anchor] : kAnchors) {
    const float l = kLightnessWeight * (lab.l - anchor.l), a = lab.a - anchor.a,
                b = lab.b - anchor.b;
    float& least = nearest[static_cast<size_t>(name)];
    least = std::min(least, l * l + a * a + b * b);
  }
  const float least = *std::min_element(nearest.begin(), nearest.end());
  float sum = 0;
  for (float& fit : nearest) {
    const float exponent = (least - fit) / (2 * kFitWidth * kFitWidth);
    fit = exponent < -9 ? 0 : std::exp(exponent);  // under 1e-4: most names, at most pixels
    sum += fit;
  }
  for (float& fit : nearest) fit /= sum;
  return nearest;
}

}  // namespace vitrine::imagery
