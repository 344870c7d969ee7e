// imagery/generation_text.h - the text "parameters" that the A1111 web UI and many others put into
// pictures.
//
//   a red dress
//   Negative prompt: blurry
//   Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model hash: 6ce0161689
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine::imagery {

struct GenerationText {
  std::string prompt, negative_prompt;  // may have several lines
  std::vector<std::pair<std::string, std::string>>
      settings;  // in order; unknown keys too; values without their quotes

  /// The value of a key; "" = not there.
  std::string value(std::string_view key) const;
};

/// Any text. A last line with fewer than three settings belongs to the prompt, as the web UI reads
/// it.
GenerationText parse_generation_text(std::string_view text);

/// Values with commas, colons, quotes or line ends are quoted as JSON. parse_generation_text gives
/// the same again for a prompt that has no line "Negative prompt:" and at least three settings.
std::string format_generation_text(const GenerationText& text);

}  // namespace vitrine::imagery
