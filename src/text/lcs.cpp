#include "text/lcs.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <unordered_map>

namespace vitrine::text {

LcsPattern::LcsPattern(std::span<const uint32_t> symbols, uint32_t alphabet)
    : size_(symbols.size()), words_((symbols.size() + 63) / 64), masks_(alphabet * words_) {
  for (size_t i = 0; i < symbols.size(); ++i) {
    assert(symbols[i] < alphabet);
    masks_[symbols[i] * words_ + i / 64] |= uint64_t{1} << (i % 64);
  }
}

size_t LcsPattern::length_with(std::span<const uint32_t> other) const {
  std::vector<uint64_t> rows(words_, ~uint64_t{0});  // a 0 bit = a step of the subsequence ends here
  for (const uint32_t symbol : other) {
    const uint64_t* mask = masks_.data() + symbol * words_;
    uint64_t carry = 0;
    for (size_t w = 0; w < words_; ++w) {
      const uint64_t row = rows[w], matched = row & mask[w];
      const uint64_t with_carry = row + carry, sum = with_carry + matched;
      carry = static_cast<uint64_t>(with_carry < carry) | static_cast<uint64_t>(sum < matched);
      rows[w] = sum | (row & ~mask[w]);
    }
  }
  size_t length = 0;
  for (size_t w = 0; w < words_; ++w) {
    const size_t bits = std::min<size_t>(64, size_ - w * 64);
    const uint64_t used = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    length += static_cast<size_t>(std::popcount(~rows[w] & used));
  }
  return length;
}

size_t lcs_length(std::u32string_view a, std::u32string_view b) {
  std::unordered_map<char32_t, uint32_t> ids;
  const auto numbered = [&](std::u32string_view text) {
    std::vector<uint32_t> symbols;
    for (const char32_t c : text) symbols.push_back(ids.try_emplace(c, static_cast<uint32_t>(ids.size())).first->second);
    return symbols;
  };
  const auto first = numbered(a), second = numbered(b);
  return LcsPattern(first, static_cast<uint32_t>(ids.size())).length_with(second);
}

double char_rouge_l(std::u32string_view hypothesis, std::u32string_view reference) {
  if (hypothesis.empty() || reference.empty()) return 0;
  return 2.0 * static_cast<double>(lcs_length(hypothesis, reference)) / static_cast<double>(hypothesis.size() + reference.size());
}

}  // namespace vitrine::text
