#include "recipes/draw_config.h"

#include <charconv>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "imagery/explicit_label.h"

namespace vitrine::recipes {

void DrawConfig::validate() const {
  check_config(*this, "draw");
  if (use_karras_sigmas && !scheduler.empty() && scheduler != "euler" && scheduler != "dpmpp_2m") {
    throw UsageError(concat("--use-karras-sigmas: expected the scheduler euler or dpmpp_2m, got ", scheduler));
  }
  for (const auto& [option, side] : {std::pair{"--width", width}, {"--height", height}}) {
    if (side == 0 || side >= imagery::kMinLabelledSide) continue;
    throw UsageError(concat(option, ": expected at least ", imagery::kMinLabelledSide, ", as a smaller picture holds no legible label, got ", side));
  }
  for (const std::string& one : lora) parse_lora(one);
  background_colour(*this);
}

std::optional<imagery::ColourName> background_colour(const DrawConfig& config) {
  if (config.background == "none") return std::nullopt;
  const auto colour = imagery::colour_name(config.background);
  if (!colour) throw UsageError(concat("--background: expected a colour such as white or 白色, or none, got '", config.background, "'"));
  return colour;
}

NamedLora parse_lora(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos || std::filesystem::exists(text)) return {text, 1};
  NamedLora lora{text.substr(0, colon), 1};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, lora.weight);
  if (error != std::errc() || stop != end || !std::isfinite(lora.weight)) {
    throw UsageError(concat("--lora: expected FILE or FILE:weight, got '", text, "'"));
  }
  return lora;
}

}  // namespace vitrine::recipes
