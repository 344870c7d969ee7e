// copywriting/alignment.h - which sentence of a human text says which attribute: the plan behind the text.
//
// A text seen as (sentence, points said in it) pairs is what the copy model learns from: the prompt
// then names exactly what the text says, and the model learns to say what the prompt names.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::copywriting {

/// One key and value as the prompt states it. Key "" marks a term that the text says though the
/// product record does not hold it.
struct PromptPoint {
  std::string key, value;
  bool operator==(const PromptPoint&) const = default;
};

struct AlignedSentence {
  std::string text;                 // with its end sign
  std::vector<PromptPoint> points;  // in order of first mention; each value once in the whole text
};

/// Splits after 。！？ (runs of them stay together). The parts joined give `text` again.
std::vector<std::string> split_sentences(std::string_view text);

/// Finds the first literal mention of every value in `points`, and of every one of `other_terms`
/// that no value of the product covers; the latter get key "".
/// Values that the text does not say are in no sentence. Valid UTF-8 expected.
std::vector<AlignedSentence> align_points(std::string_view text, const std::vector<PromptPoint>& points,
                                          const std::vector<std::string>& other_terms);

}  // namespace vitrine::copywriting
