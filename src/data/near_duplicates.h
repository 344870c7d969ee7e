// data/near_duplicates.h - near-duplicates among a million texts and more, in about 100 bytes a text.
//
// Where NearDuplicateIndex keeps every text's grams and answers exactly, this keeps one byte of each
// MinHash value alone: a pair is found when the bytes of a band agree, and its similarity is estimated.
// Source: Li and König 2010, b-bit minwise hashing.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "data/minhash.h"

namespace vitrine::data {

struct NearDuplicate {
  uint32_t first = 0, second = 0;  // places of the texts, from 0 in the order of add; first < second
  double similarity = 0;           // estimated Jaccard; standard error at most 0.051 with kScanConfig
};

/// Texts of Jaccard 0.8 share a band with probability 0.999997.
inline const MinhashConfig kScanConfig = {.bands = 24};

/// Call order: (add)* find. Deterministic, not thread-safe.
class NearDuplicateScan {
 public:
  /// Keeps bands * rows_per_band bytes a text. Throws InvalidInput for a config out of its ranges.
  explicit NearDuplicateScan(const MinhashConfig& config = kScanConfig);
  /// Texts without a gram (empty ones) are like no other.
  void add(std::string_view utf8);
  size_t size() const { return has_grams_.size(); }

  /// For each text that is like an earlier one the earliest of these that shares a band and is
  /// estimated at min_similarity or more; in the order of `second`. Needs 20 bytes a text meanwhile.
  std::vector<NearDuplicate> find() const;

 private:
  struct Earlier {
    uint32_t first = 0;
    uint32_t num_equal = 0;  // prints; 0 = none was found
  };
  std::span<const uint8_t> prints_of(uint32_t text) const;
  uint32_t band_key(uint32_t text, size_t band) const;
  std::vector<uint64_t> sorted_band(size_t band) const;
  void compare_bucket(std::span<const uint64_t> bucket, std::vector<Earlier>& best) const;
  uint32_t num_equal_prints(uint32_t a, uint32_t b) const;
  double similarity_of(uint32_t num_equal) const;

  MinhashConfig config_;
  size_t num_prints_ = 0;  // of a text
  std::vector<std::vector<uint8_t>> blocks_;  // [texts, num_prints_] in blocks, so that growing copies nothing
  std::vector<bool> has_grams_;
};

}  // namespace vitrine::data
