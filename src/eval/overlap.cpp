#include "eval/overlap.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include "text/lcs.h"
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

WordRouge word_rouge(std::u32string_view hypothesis, std::u32string_view reference, const text::Segmenter& segmenter) {
  Interner<std::u32string_view> ids;
  const Symbols h = words_of(hypothesis, segmenter, ids), r = words_of(reference, segmenter, ids);
  WordRouge rouge;
  rouge.rouge_1 = set_f_score(std::set<uint32_t>(h.begin(), h.end()), std::set<uint32_t>(r.begin(), r.end()));
  rouge.rouge_2 = set_f_score(bigrams(h), bigrams(r));
  const auto common = static_cast<double>(text::LcsPattern(h, ids.size()).length_with(r));
  rouge.rouge_l = f_score(common, static_cast<double>(h.size()), static_cast<double>(r.size()));
  return rouge;
}

}  // namespace vitrine::eval
