#include "text/merge_learner.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

uint64_t pair_key(int32_t left, int32_t right) noexcept {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}
int32_t left_of(uint64_t pair) noexcept { return static_cast<int32_t>(pair >> 32); }
int32_t right_of(uint64_t pair) noexcept { return static_cast<int32_t>(pair & 0xFFFFFFFF); }

}  // namespace

void validate(const MergeLimits& limits, const char* caller) {
  VITRINE_REQUIRE(limits.min_frequency >= 1, "[", caller, "] min_frequency: expected >= 1, got ", limits.min_frequency);
  VITRINE_REQUIRE(limits.max_token_code_points >= 0, "[", caller, "] max_token_code_points: expected >= 0, got ",
                  limits.max_token_code_points);
}

MergeLearner::MergeLearner(std::vector<MergeToken> tokens, const MergeLimits& limits) : limits_(limits), num_first_(tokens.size()) {
  for (MergeToken& token : tokens) add_token(std::move(token));
}

MergeLearner::Form MergeLearner::form_of(const std::string& bytes) {
  const bool starts_inside = !bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0xC0) == 0x80;
  return {is_valid_utf8(bytes), starts_inside, static_cast<int>(count_code_points(bytes))};
}

void MergeLearner::add_token(MergeToken token) {
  forms_.push_back(form_of(token.bytes));
  ids_.emplace(token.name, static_cast<int32_t>(tokens_.size()));
  tokens_.push_back(std::move(token));
}

void MergeLearner::add_word(std::vector<int32_t> symbols, int64_t count) { words_.push_back({std::move(symbols), count}); }

std::vector<LearnedMerge> MergeLearner::run(size_t num_tokens) {
  count_pairs();
  std::vector<LearnedMerge> merges;
  while (tokens_.size() < num_tokens && !queue_.empty()) {
    const Candidate best = queue_.top();
    queue_.pop();
    const int64_t now = pairs_[best.pair].count;
    if (now != best.count) {
      offer(best.pair);
    } else {
      merge(best.pair, merges);
    }
  }
  return merges;
}

void MergeLearner::count_pairs() {
  for (uint32_t w = 0; w < words_.size(); ++w) {
    const auto& symbols = words_[w].symbols;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) add_pair(pair_key(symbols[i], symbols[i + 1]), w);
  }
  for (const uint64_t pair : seen_) offer(pair);
}

void MergeLearner::add_pair(uint64_t pair, uint32_t word_idx) {
  PairInfo& info = pairs_[pair];
  if (info.words.empty()) seen_.push_back(pair);
  info.count += words_[word_idx].count;
  if (info.words.empty() || info.words.back() != word_idx) info.words.push_back(word_idx);
}

bool MergeLearner::is_allowed(uint64_t pair) const {
  const auto left = static_cast<size_t>(left_of(pair)), right = static_cast<size_t>(right_of(pair));
  const int limit = limits_.max_token_code_points;
  if (limit > 0 && forms_[left].code_points + forms_[right].code_points > limit) return false;
  const bool inside_code_point = forms_[right].starts_inside;
  const bool between_whole = forms_[left].is_whole && forms_[right].is_whole;
  if (limits_.whole_characters && !inside_code_point && !between_whole) return false;
  const auto known = ids_.find(tokens_[left].name + tokens_[right].name);
  return known == ids_.end() || static_cast<size_t>(known->second) >= num_first_;
}

void MergeLearner::offer(uint64_t pair) {
  const int64_t count = pairs_[pair].count;
  if (count >= limits_.min_frequency && is_allowed(pair)) queue_.push({count, pair});
}

/// The same text may be put together in two ways: then both give one token.
int32_t MergeLearner::product_of(int32_t left, int32_t right) {
  const MergeToken& first = tokens_[static_cast<size_t>(left)];
  const MergeToken& second = tokens_[static_cast<size_t>(right)];
  MergeToken product{first.name + second.name, first.bytes + second.bytes};
  if (const auto known = ids_.find(product.name); known != ids_.end()) return known->second;
  add_token(std::move(product));
  return static_cast<int32_t>(tokens_.size()) - 1;
}

void MergeLearner::merge(uint64_t pair, std::vector<LearnedMerge>& merges) {
  const int32_t left = left_of(pair), right = right_of(pair);
  const auto [place, is_new] = learned_.try_emplace(pair, -1);
  if (is_new) {
    place->second = product_of(left, right);
    merges.push_back({left, right, place->second});
  }
  seen_.clear();
  const std::vector<uint32_t> words = std::move(pairs_[pair].words);
  for (const uint32_t word_idx : words) replace(word_idx, left, right, place->second);
  pairs_[pair] = {};
  for (const uint64_t made : seen_) offer(made);
}

/// Counts the word's pairs anew around each place where left, right became product.
void MergeLearner::replace(uint32_t word_idx, int32_t left, int32_t right, int32_t product) {
  auto& symbols = words_[word_idx].symbols;
  const int64_t count = words_[word_idx].count;
  size_t out = 0;
  for (size_t i = 0; i < symbols.size(); ++out) {
    if (i + 1 >= symbols.size() || symbols[i] != left || symbols[i + 1] != right) {
      symbols[out] = symbols[i++];
      continue;
    }
    if (out > 0) {
      pairs_[pair_key(symbols[out - 1], left)].count -= count;
      add_pair(pair_key(symbols[out - 1], product), word_idx);
    }
    if (i + 2 < symbols.size()) {
      pairs_[pair_key(right, symbols[i + 2])].count -= count;
      add_pair(pair_key(product, symbols[i + 2]), word_idx);
    }
    symbols[out] = product;
    i += 2;
  }
  symbols.resize(out);
}

}  // namespace vitrine::text
