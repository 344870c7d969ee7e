// text/merge_learner.h - the loop of byte-pair training, over any first tokens.
#pragma once
#include <cstdint>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/flat_map.h"

namespace vitrine::text {

struct MergeLimits {
  int min_frequency = 2;          // a pair is merged when it stands in the texts this often
  int max_token_code_points = 0;  // longest token, in code points; 0 = no limit
  bool whole_characters = true;   // a code point is put together before it is joined with others
};

/// Throws InvalidInput, naming `caller` and the value, for a limit out of range.
void validate(const MergeLimits& limits, const char* caller);

struct MergeToken {
  std::string name;   // as the vocabulary spells it
  std::string bytes;  // that it stands for
};

/// Token ids: left and right stand side by side, product is left and right in one.
struct LearnedMerge {
  int32_t left, right, product;
};

/// Call order: construct, add_word*, run.
class MergeLearner {
 public:
  /// Ids of `tokens` are their places. No merge gives one of them again.
  MergeLearner(std::vector<MergeToken> tokens, const MergeLimits& limits);

  /// A word of the texts as ids of tokens, and how often it stands there. Equal words should be added once.
  void add_word(std::vector<int32_t> symbols, int64_t count);

  /// Learns until there are `num_tokens` tokens or no pair is frequent enough. The most frequent pair is merged first;
  /// of equally frequent ones that with the smaller ids, so the result is the same everywhere. By rank.
  /// Source: Sennrich et al. 2016.
  std::vector<LearnedMerge> run(size_t num_tokens);

  const std::vector<MergeToken>& tokens() const { return tokens_; }  // the new ones behind the first

 private:
  /// What a token is, seen as UTF-8.
  struct Form {
    bool is_whole;       // valid by itself
    bool starts_inside;  // its first byte continues a code point
    int code_points;     // lead bytes
  };
  struct Word {
    std::vector<int32_t> symbols;
    int64_t count;
  };
  struct PairInfo {
    int64_t count = 0;
    std::vector<uint32_t> words;  // where it stood at some time, in ascending order per merge
  };
  struct Candidate {
    int64_t count;
    uint64_t pair;
    bool operator<(const Candidate& other) const { return count != other.count ? count < other.count : pair > other.pair; }
  };

  static Form form_of(const std::string& bytes);
  void add_token(MergeToken token);
  void count_pairs();
  void add_pair(uint64_t pair, uint32_t word_idx);
  bool is_allowed(uint64_t pair) const;
  void offer(uint64_t pair);
  int32_t product_of(int32_t left, int32_t right);
  void merge(uint64_t pair, std::vector<LearnedMerge>& merges);
  void replace(uint32_t word_idx, int32_t left, int32_t right, int32_t product);

  MergeLimits limits_;
  std::vector<MergeToken> tokens_;
  std::vector<Form> forms_;  // of each token
  std::unordered_map<std::string, int32_t> ids_;
  size_t num_first_;
  std::vector<Word> words_;
  FlatMap<PairInfo> pairs_;
  std::unordered_map<uint64_t, int32_t> learned_;  // product of each pair that was merged
  std::vector<uint64_t> seen_;                     // pairs that the step at hand made
  std::priority_queue<Candidate> queue_;           // counts may be out of date
};

}  // namespace vitrine::text
