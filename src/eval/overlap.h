// eval/overlap.h - how much of a reference text a hypothesis repeats: BLEU-4 and ROUGE on words (text/lcs.h has ROUGE-L on characters).
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "text/segment.h"

namespace vitrine::eval {

/// Clipped n-gram matches of one hypothesis, or of many summed: what BLEU is computed from.
struct BleuCounts {
  std::array<int64_t, 4> matches{};  // n = 1 … 4
  std::array<int64_t, 4> totals{};   // n-grams of the hypothesis
  int64_t hypothesis_length = 0, reference_length = 0;  // characters

  BleuCounts& operator+=(const BleuCounts& other);
};

BleuCounts count_bleu(std::u32string_view hypothesis, std::u32string_view reference);

/// BLEU-4 of one sample, 0 … 1: totals count as at least 1; 0 when no character matches; the k-th n without a match
/// gets 1 / (2^k * total) (Chen and Cherry 2014, smoothing 3, as NLTK's method3); brevity penalty exp(1 - r/h).
double sentence_bleu(const BleuCounts& counts);
/// Papineni et al. 2002 over summed counts, no smoothing: 0 when any n has no match.
double corpus_bleu(const BleuCounts& counts);

struct WordRouge {
  double rouge_1 = 0, rouge_2 = 0, rouge_l = 0;  // F, 0 … 1
};

/// As the Python package rouge_chinese on words joined by spaces: sets of n-grams, one longest common
/// subsequence over all sentences, white space is no word. An empty text scores 0.
WordRouge word_rouge(std::u32string_view hypothesis, std::u32string_view reference, const text::Segmenter& segmenter);

}  // namespace vitrine::eval
