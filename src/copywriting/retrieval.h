// copywriting/retrieval.h - the plainest baseline: the copy of the most similar product of the train set.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/product.h"

namespace vitrine::copywriting {

/// Similarity is Jaccard of the sets of canonical key/value pairs. Immutable once built, thread-safe.
class RetrievalBaseline {
 public:
  /// Keeps the pairs and the summaries, nothing else. Throws InvalidInput when `train` is empty.
  explicit RetrievalBaseline(std::span<const data::Product> train);

  /// Position in the train set of the highest Jaccard, the first one on ties.
  size_t nearest(const data::Product& product) const;
  /// Its summary.
  const std::string& text(const data::Product& product) const { return summaries_[nearest(product)]; }

 private:
  std::unordered_map<std::string, std::vector<uint32_t>> rows_of_pair_;  // rising
  std::vector<uint32_t> pair_counts_;                                    // distinct pairs of each row
  std::vector<std::string> summaries_;
};

}  // namespace vitrine::copywriting
