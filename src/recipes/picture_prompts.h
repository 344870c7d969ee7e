// recipes/picture_prompts.h - prompts that say what their pictures must show, and the pool of them that rounds of reward draw from.
#pragma once
#include <string>
#include <vector>

#include "imagery/captions.h"

namespace vitrine::recipes {

struct PicturePrompt {
  std::string text;
  imagery::CaptionFacts facts = {};  // what it asks for; nothing where only the text is known
};

/// Colours that classes are asked for in, by their English names: frequent and rare ones.
inline const std::vector<std::string> kAskedColours = {"red", "black", "white", "blue", "green", "pink"};

/// Every class in every colour, as products say it: dress, red. Throws InvalidInput for a word that is no colour name.
std::vector<PicturePrompt> prompts_of_classes(const imagery::CaptionWords& words, const std::vector<std::string>& classes,
                                              const std::vector<std::string>& colours, imagery::Language language);

/// The prompt in another language; as it is where only its text is known.
std::string text_in(const imagery::CaptionWords& words, const PicturePrompt& prompt, imagery::Language language);

/// Prompts to draw from, and prompts that are only measured with.
struct PromptPool {
  std::vector<PicturePrompt> training, held_out;
};

/// Each text once, in an order that depends on the texts' number alone; the last `held_out` are only measured with.
/// Throws InvalidInput, naming the numbers, when none is left to draw from.
PromptPool split_pool(const std::vector<PicturePrompt>& prompts, size_t held_out);

}  // namespace vitrine::recipes
