// imagery/asked.h - which class and colour a picture is asked to show: from a product's caption words, or from a prompt.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagery/captions.h"

namespace vitrine::imagery {

struct Asked {
  std::vector<std::string> classes;  // of rules/pictures/classes.tsv, any of which is right; empty = none was named
  std::optional<ColourName> colour;  // none when none was named, or more than one
};

/// From caption words in Chinese (连衣裙, 红色; Prompt::captions). Classes are those that all class words allow (上衣 and 衬衫: shirt);
/// where there is none, those that any of them allows.
Asked asked_by(const std::vector<std::string>& caption_words, const CaptionWords& captions);

/// The caption words in a prompt, in Chinese and in order, the longest at each place. A word in Latin letters must be whole; a single
/// Chinese character counts only between spaces or signs (黑 yes, 黑科技 no). A colour of the background is left out (白色背景,
/// white background). Weights and brackets are signs. Throws InvalidInput for a prompt that is not UTF-8.
std::vector<std::string> caption_words_in(std::string_view prompt, const CaptionWords& captions);

}  // namespace vitrine::imagery
