#include "eval/overlap.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include "text/utf8.h"

namespace vitrine::eval {
namespace {

using NgramCounts = std::unordered_map<std::u32string_view, int64_t>;
using Symbols = std::vector<uint32_t>;

NgramCounts count_ngrams(std::u32string_view text, size_t n) {
  NgramCounts counts;
  for (size_t i = 0; i + n <= text.size(); ++i) ++counts[text.substr(i, n)];
  return counts;
}

double brevity_penalty(const BleuCounts& counts) {
  const auto h = static_cast<double>(counts.hypothesis_length), r = static_cast<double>(counts.reference_length);
  return h > r ? 1.0 : std::exp(1 - r / h);
}

/// Numbers things by first use.
template <typename Key>
class Interner {
 public:
  uint32_t operator()(const Key& key) { return ids_.try_emplace(key, static_cast<uint32_t>(ids_.size())).first->second; }
  uint32_t size() const { return static_cast<uint32_t>(ids_.size()); }

 private:
  std::unordered_map<Key, uint32_t> ids_;
};

Symbols words_of(std::u32string_view text, const text::Segmenter& segmenter, Interner<std::u32string_view>& ids) {
  Symbols words;
  for (const auto word : segmenter.cut(text)) {
    if (!std::all_of(word.begin(), word.end(), text::is_space)) words.push_back(ids(word));
  }
  return words;
}

std::set<std::pair<uint32_t, uint32_t>> bigrams(const Symbols& words) {
  std::set<std::pair<uint32_t, uint32_t>> result;
  for (size_t i = 0; i + 1 < words.size(); ++i) result.emplace(words[i], words[i + 1]);
  return result;
}

double f_score(double common, double hypothesis, double reference) {
  if (common == 0) return 0;
  const double precision = common / hypothesis, recall = common / reference;
  return 2 * precision * recall / (precision + recall + 1e-8);  // the package's own guard against 0/0
}

template <typename Set>
double set_f_score(const Set& hypothesis, const Set& reference) {
  const auto common = std::count_if(hypothesis.begin(), hypothesis.end(), [&](const auto& one) { return reference.contains(one); });
  return f_score(static_cast<double>(common), static_cast<double>(hypothesis.size()), static_cast<double>(reference.size()));
}

}  // namespace

BleuCounts& BleuCounts::operator+=(const BleuCounts& other) {
  for (size_t i = 0; i < 4; ++i) matches[i] += other.matches[i], totals[i] += other.totals[i];
  hypothesis_length += other.hypothesis_length;
  reference_length += other.reference_length;
  return *this;
}

BleuCounts count_bleu(std::u32string_view hypothesis, std::u32string_view reference) {
  BleuCounts counts;
  counts.hypothesis_length = static_cast<int64_t>(hypothesis.size());
  counts.reference_length = static_cast<int64_t>(reference.size());
  for (size_t n = 1; n <= 4; ++n) {
    const NgramCounts wanted = count_ngrams(reference, n);
    for (const auto& [ngram, count] : count_ngrams(hypothesis, n)) {
      const auto found = wanted.find(ngram);
      if (found != wanted.end()) counts.matches[n - 1] += std::min(count, found->second);
      counts.totals[n - 1] += count;
    }
  }
  return counts;
}

double sentence_bleu(const BleuCounts& counts) {
  if (counts.matches[0] == 0) return 0;
  double log_sum = 0, halvings = 1;
  for (size_t i = 0; i < 4; ++i) {
    const auto total = static_cast<double>(std::max<int64_t>(1, counts.totals[i]));
    log_sum += counts.matches[i] > 0 ? std::log(static_cast<double>(counts.matches[i]) / total)
                                     : -std::log(std::exp2(halvings++) * total);
  }
  return brevity_penalty(counts) * std::exp(log_sum / 4);
}

double corpus_bleu(const BleuCounts& counts) {
  double log_sum = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (counts.matches[i] == 0) return 0;
    log_sum += std::log(static_cast<double>(counts.matches[i]) / static_cast<double>(counts.totals[i]));
  }
  return brevity_penalty(counts) * std::exp(log_sum / 4);
}

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
  Interner<char32_t> ids;
  Symbols first, second;
  for (const char32_t c : a) first.push_back(ids(c));
  for (const char32_t c : b) second.push_back(ids(c));
  return LcsPattern(first, ids.size()).length_with(second);
}

double char_rouge_l(std::u32string_view hypothesis, std::u32string_view reference) {
  if (hypothesis.empty() || reference.empty()) return 0;
  return 2.0 * static_cast<double>(lcs_length(hypothesis, reference)) / static_cast<double>(hypothesis.size() + reference.size());
}

WordRouge word_rouge(std::u32string_view hypothesis, std::u32string_view reference, const text::Segmenter& segmenter) {
  Interner<std::u32string_view> ids;
  const Symbols h = words_of(hypothesis, segmenter, ids), r = words_of(reference, segmenter, ids);
  WordRouge rouge;
  rouge.rouge_1 = set_f_score(std::set<uint32_t>(h.begin(), h.end()), std::set<uint32_t>(r.begin(), r.end()));
  rouge.rouge_2 = set_f_score(bigrams(h), bigrams(r));
  const auto common = static_cast<double>(LcsPattern(h, ids.size()).length_with(r));
  rouge.rouge_l = f_score(common, static_cast<double>(h.size()), static_cast<double>(r.size()));
  return rouge;
}

}  // namespace vitrine::eval
