// eval/diversity.h - how varied texts are: repeated n-grams, likeness within a set, copies of the train set.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"

namespace vitrine::eval {

/// The 4-grams of characters of each text as numbers: equal n-grams of a set have equal numbers.
class FourGrams {
 public:
  explicit FourGrams(std::span<const std::u32string> texts);
  /// Distinct 4-grams of the texts named by `rows` / all their 4-grams, 0 … 1 (0 when there are none). A row named twice
  /// counts twice in both the texts and the total.
  double distinct_share(std::span<const uint32_t> rows) const;
  double distinct_share() const;  // of all texts

 private:
  std::vector<std::vector<uint32_t>> ids_;  // [texts][n-grams]
  uint32_t count_ = 0;
};

/// Whether any 4-gram of characters comes twice.
bool repeats_four_gram(std::u32string_view text);

/// For each text: the largest character ROUGE-L (0 … 1) against the texts of other groups; 0 when there is none.
///   groups  one number for each text: texts of one product share it and are not compared
std::vector<double> catalogue_self_similarity(std::span<const std::u32string> texts, std::span<const uint32_t> groups);

/// The same for the texts named by `rows` alone, against all texts; spread over `pool`, whose size changes nothing.
std::vector<double> catalogue_self_similarity(std::span<const std::u32string> texts, std::span<const uint32_t> groups,
                                              std::span<const uint32_t> rows, ThreadPool& pool);

/// Mean character ROUGE-L over all pairs; NaN for fewer than two texts.
double mean_pairwise_rouge_l(std::span<const std::u32string> texts);

/// All runs of `length` characters of some texts, as hashes: finds what was copied word for word.
class CopiedRuns {
 public:
  CopiedRuns(std::span<const std::u32string> texts, size_t length = 20);
  /// Whether any run of `length` characters of `text` is one of the texts'.
  bool found_in(std::u32string_view text) const;

 private:
  size_t length_;
  std::vector<uint64_t> hashes_;  // sorted
};

}  // namespace vitrine::eval
