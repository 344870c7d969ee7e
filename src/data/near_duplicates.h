// data/near_duplicates.h - near-duplicates among a million texts and more, in about 200 bytes a text.
//
// Where NearDuplicateIndex keeps every text's grams and answers exactly, this keeps its MinHash
// signature alone: a pair is found when a band agrees, and its similarity is estimated.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "data/minhash.h"

namespace vitrine::data {

struct NearDuplicate {
  uint32_t first = 0, second = 0;  // places of the texts, from 0 in the order of add; first < second
  double similarity = 0;           // estimated Jaccard; standard error at most 0.05
};

/// Call order: (add)* find. Deterministic, not thread-safe.
class NearDuplicateScan {
 public:
  /// Throws InvalidInput for a config out of its ranges.
  explicit NearDuplicateScan(const MinhashConfig& config = {});
  /// Texts without a gram (empty ones) are like no other.
  void add(std::string_view utf8);
  size_t size() const { return has_grams_.size(); }

  /// For each text that is like an earlier one the earliest of these that shares a band and is
  /// estimated at min_similarity or more; in the order of `second`.
  std::vector<NearDuplicate> find() const;

 private:
  double estimate(uint32_t a, uint32_t b) const;

  MinhashConfig config_;
  size_t prints_ = 0;               // bytes of a signature that are kept
  std::vector<uint32_t> keys_;      // [texts, bands]
  std::vector<uint8_t> signatures_;  // [texts, prints_]: the low bytes of the hashes
  std::vector<bool> has_grams_;
};

}  // namespace vitrine::data
