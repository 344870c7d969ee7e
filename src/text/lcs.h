// text/lcs.h - the longest common subsequence of two texts, and ROUGE-L on characters.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace vitrine::text {

/// One text prepared for many comparisons: its length of the longest common subsequence with another one takes
/// |other| * |text| / 64 steps (bit-parallel; Hyyrö 2004).
class LcsPattern {
 public:
  /// Symbols are < alphabet.
  LcsPattern(std::span<const uint32_t> symbols, uint32_t alphabet);
  size_t length_with(std::span<const uint32_t> other) const;
  size_t size() const { return size_; }

 private:
  size_t size_, words_;
  std::vector<uint64_t> masks_;  // [alphabet, words_]: bit i is set where symbol i of the text is this one
};

/// Length of the longest common subsequence of two texts.
size_t lcs_length(std::u32string_view a, std::u32string_view b);

/// 2PR/(P+R) of the longest common subsequence of characters, 0 … 1; 0 when a text is empty.
double char_rouge_l(std::u32string_view hypothesis, std::u32string_view reference);

}  // namespace vitrine::text
