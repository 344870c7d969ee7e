#include "recipes/draw_config.h"

#include <charconv>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "imagery/explicit_label.h"

namespace vitrine::recipes {

void DrawConfig::validate() const {
  check_config(*this, "draw");
  VITRINE_REQUIRE(!use_karras_sigmas || scheduler.empty() || scheduler == "euler" || scheduler == "dpmpp_2m",
                  "[draw] use_karras_sigmas: expected the scheduler euler or dpmpp_2m, got '", scheduler, "'");
  for (const int64_t side : {width, height}) {
    VITRINE_REQUIRE(side == 0 || side >= imagery::kMinLabelledSide, "[draw] a side of ", side, " pixels holds no legible label: expected at least ",
                    imagery::kMinLabelledSide);
  }
  for (const std::string& one : lora) parse_lora(one);
  background_colour(*this);
}

std::optional<imagery::ColourName> background_colour(const DrawConfig& config) {
  if (config.background == "none") return std::nullopt;
  const auto colour = imagery::colour_name(config.background);
  VITRINE_REQUIRE(colour, "[draw] background: expected a colour such as white or 白色, or none, got '", config.background, "'");
  return colour;
}

NamedLora parse_lora(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || std::filesystem::exists(text)) return {text, 1};
  NamedLora lora{text.substr(0, colon), 1};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, lora.weight);
  VITRINE_REQUIRE(error == std::errc() && stop == end && std::isfinite(lora.weight),
                  "[draw] lora: expected FILE or FILE:weight, got '", text, "'");
  return lora;
}

}  // namespace vitrine::recipes
