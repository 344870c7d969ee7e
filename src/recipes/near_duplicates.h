// recipes/near_duplicates.h - the most similar earlier text, by MinHash buckets and exact Jaccard.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vitrine::recipes {

/// Texts are sets of character 4-grams. Pairs whose Jaccard is 0.7 or more meet with a probability above 0.998
/// (32 bands of 4 hashes: 1 - (1 - 0.7^4)^32); equal texts always meet.
class NearDuplicates {
 public:
  struct Nearest {
    double similarity = 0;  // Jaccard, 0 when nothing met
    size_t index = 0;       // of add, from 0
  };
  Nearest nearest(std::u32string_view text) const;
  void add(std::u32string_view text);

 private:
  using Shingles = std::vector<uint64_t>;  // sorted, distinct
  std::vector<Shingles> texts_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> buckets_;  // band hash to texts
};

}  // namespace vitrine::recipes
