// data/minhash.h - near-duplicate texts by MinHash signatures and locality-sensitive buckets.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"

namespace vitrine::data {

struct MinhashConfig {
  int shingle_size = 5;  // code points in a gram
  int bands = 32;
  int rows_per_band = 4;
  double min_similarity = 0.8;

  void describe(FieldVisitor& v) {
    v.field("shingle_size", shingle_size, "code points in a gram", 1, 64);
    v.field("bands", bands, "buckets each text falls into", 1, 1024);
    v.field("rows_per_band", rows_per_band, "hashes that must agree in a bucket", 1, 64);
    v.field("min_similarity", min_similarity, "Jaccard from which texts are duplicates", 0, 1);
  }
};

/// The distinct hashes of a text's grams of `shingle_size` code points (metric form: NFC, no white space), sorted. A
/// shorter text is one gram; an empty one has none.
std::vector<uint64_t> shingles_of(std::string_view utf8, int shingle_size);

/// |a ∩ b| / |a ∪ b| of sorted, distinct sets; 1 for two empty ones.
double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b);

/// The smallest hash of the set under each of num_hashes fixed functions. Equal sets give equal signatures; the share of
/// equal places estimates the Jaccard index. Source: Broder 1997.
std::vector<uint64_t> minhash_signature(std::span<const uint64_t> shingles, int num_hashes);

/// Texts in the order they were added; the first of similar ones stays. Deterministic, not thread-safe.
/// Two texts of Jaccard s meet with probability 1 - (1 - s^rows)^bands: 0.9999999 at 0.8 and 0.87 at 0.5 with the defaults;
/// whether they are duplicates is then decided by the exact Jaccard.
class NearDuplicateIndex {
 public:
  /// Throws InvalidInput for a config out of its ranges.
  explicit NearDuplicateIndex(const MinhashConfig& config = {});

  struct Match {
    size_t index = 0;  // of the earlier text, from 0 in the order of add
    double similarity = 0;
  };
  /// The most similar earlier text with similarity >= min_similarity; the earliest when equal.
  std::optional<Match> find(std::string_view utf8) const;
  /// Indices of the earlier texts that share a bucket with this one, rising: what find looks at.
  std::vector<uint32_t> candidates(std::string_view utf8) const;
  /// Adds the text and returns its index.
  size_t add(std::string_view utf8);

  size_t size() const { return texts_.size(); }

 private:
  std::vector<uint64_t> band_keys(std::span<const uint64_t> shingles) const;
  std::vector<uint32_t> in_buckets_of(std::span<const uint64_t> shingles) const;

  MinhashConfig config_;
  std::vector<std::vector<uint64_t>> texts_;                      // shingles
  std::unordered_map<uint64_t, std::vector<uint32_t>> buckets_;  // band key -> texts
};

}  // namespace vitrine::data
