// diffusion/prompt_weights.h - prompts with weights, as AUTOMATIC1111's web UI writes them.
//
//   (red)        weight 1.1, each further pair 1.1 times that
//   [red]        weight 1/1.1
//   (red:1.3)    weight 1.3; a number after a colon counts in round brackets only
//   \( \) \[ \] \\   the character itself
//   BREAK        what follows begins a new chunk
// A bracket that is never closed reaches to the end; one that was never opened is text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::diffusion {

struct PromptPart {
  std::string text;
  double weight = 1;          // of the text; negative ones are allowed, as there
  bool begins_chunk = false;  // a BREAK stands before it

  bool operator==(const PromptPart&) const = default;
};

/// The parts of a prompt in their order; neighbours of equal weight are one part. An empty prompt
/// is one empty part. Throws InvalidInput for invalid UTF-8.
std::vector<PromptPart> parse_prompt(std::string_view prompt);

/// The text as a prompt that says just it: brackets and backslashes escaped.
std::string escape_prompt(std::string_view text);

}  // namespace vitrine::diffusion
