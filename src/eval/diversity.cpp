#include "eval/diversity.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/hash.h"
#include "eval/overlap.h"
#include "text/lcs.h"

namespace vitrine::eval {
namespace {

uint64_t hash_run(std::u32string_view run) {
  return hash64({reinterpret_cast<const char*>(run.data()), run.size() * sizeof(char32_t)});
}

struct Symbolised {
  std::vector<std::vector<uint32_t>> texts;
  uint32_t alphabet = 0;
};

Symbolised symbolise(std::span<const std::u32string> texts) {
  Symbolised result;
  std::unordered_map<char32_t, uint32_t> ids;
  for (const auto& text : texts) {
    auto& symbols = result.texts.emplace_back();
    for (const char32_t c : text) symbols.push_back(ids.try_emplace(c, static_cast<uint32_t>(ids.size())).first->second);
  }
  result.alphabet = static_cast<uint32_t>(ids.size());
  return result;
}

double rouge_l(size_t common, size_t length_a, size_t length_b) {
  return common == 0 ? 0 : 2.0 * static_cast<double>(common) / static_cast<double>(length_a + length_b);
}

}  // namespace

FourGrams::FourGrams(std::span<const std::u32string> texts) {
  std::unordered_map<std::u32string_view, uint32_t> ids;
  for (const auto& text : texts) {
    auto& row = ids_.emplace_back();
    const std::u32string_view view = text;
    for (size_t i = 0; i + 4 <= view.size(); ++i) row.push_back(ids.try_emplace(view.substr(i, 4), static_cast<uint32_t>(ids.size())).first->second);
  }
  count_ = static_cast<uint32_t>(ids.size());
}

double FourGrams::distinct_share(std::span<const uint32_t> rows) const {
  std::vector<bool> seen(count_, false);
  size_t distinct = 0, total = 0;
  for (const uint32_t row : rows) {
    total += ids_[row].size();
    for (const uint32_t id : ids_[row]) {
      if (!seen[id]) ++distinct, seen[id] = true;
    }
  }
  return total == 0 ? 0 : static_cast<double>(distinct) / static_cast<double>(total);
}

double FourGrams::distinct_share() const {
  std::vector<uint32_t> rows(ids_.size());
  std::iota(rows.begin(), rows.end(), 0U);
  return distinct_share(rows);
}

bool repeats_four_gram(std::u32string_view text) {
  std::unordered_set<std::u32string_view> seen;
  for (size_t i = 0; i + 4 <= text.size(); ++i) {
    if (!seen.insert(text.substr(i, 4)).second) return true;
  }
  return false;
}

std::vector<double> catalogue_self_similarity(std::span<const std::u32string> texts, std::span<const uint32_t> groups) {
  VITRINE_REQUIRE(texts.size() == groups.size(), "[catalogue_self_similarity] groups: expected ", texts.size(), ", got ", groups.size());
  const Symbolised symbols = symbolise(texts);
  std::vector<double> largest(texts.size(), 0.0);
  for (size_t a = 0; a < texts.size(); ++a) {
    const text::LcsPattern pattern(symbols.texts[a], symbols.alphabet);
    for (size_t b = a + 1; b < texts.size(); ++b) {
      if (groups[a] == groups[b]) continue;
      const double likeness = rouge_l(pattern.length_with(symbols.texts[b]), texts[a].size(), texts[b].size());
      largest[a] = std::max(largest[a], likeness);
      largest[b] = std::max(largest[b], likeness);
    }
  }
  return largest;
}

std::vector<double> catalogue_self_similarity(std::span<const std::u32string> texts, std::span<const uint32_t> groups,
                                              std::span<const uint32_t> rows, ThreadPool& pool) {
  VITRINE_REQUIRE(texts.size() == groups.size(), "[catalogue_self_similarity] groups: expected ", texts.size(), ", got ", groups.size());
  const Symbolised symbols = symbolise(texts);
  std::vector<double> largest(rows.size(), 0.0);
  const auto compare = [&](size_t i) {
    const size_t a = rows[i];
    const text::LcsPattern pattern(symbols.texts[a], symbols.alphabet);
    for (size_t b = 0; b < texts.size(); ++b) {
      const size_t shorter = std::min(texts[a].size(), texts[b].size());
      if (groups[a] == groups[b] || rouge_l(shorter, texts[a].size(), texts[b].size()) <= largest[i]) continue;
      largest[i] = std::max(largest[i], rouge_l(pattern.length_with(symbols.texts[b]), texts[a].size(), texts[b].size()));
    }
  };
  pool.parallel_for(rows.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) compare(i);
  });
  return largest;
}

double mean_pairwise_rouge_l(std::span<const std::u32string> texts) {
  double sum = 0;
  size_t pairs = 0;
  for (size_t a = 0; a < texts.size(); ++a) {
    for (size_t b = a + 1; b < texts.size(); ++b, ++pairs) sum += text::char_rouge_l(texts[a], texts[b]);
  }
  return pairs == 0 ? std::nan("") : sum / static_cast<double>(pairs);
}

CopiedRuns::CopiedRuns(std::span<const std::u32string> texts, size_t length) : length_(length) {
  VITRINE_REQUIRE(length >= 1, "[CopiedRuns] length: expected >= 1, got 0");
  for (const auto& text : texts) {
    const std::u32string_view view = text;
    for (size_t i = 0; i + length <= view.size(); ++i) hashes_.push_back(hash_run(view.substr(i, length)));
  }
  std::sort(hashes_.begin(), hashes_.end());
}

bool CopiedRuns::found_in(std::u32string_view text) const {
  for (size_t i = 0; i + length_ <= text.size(); ++i) {
    if (std::binary_search(hashes_.begin(), hashes_.end(), hash_run(text.substr(i, length_)))) return true;
  }
  return false;
}

}  // namespace vitrine::eval
