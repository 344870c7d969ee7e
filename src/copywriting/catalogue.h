// copywriting/catalogue.h - the accepted copy of a shop: which of its texts a new one is too like,
// and what they share.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/config.h"
#include "data/minhash.h"

namespace vitrine::copywriting {

struct CatalogueConfig {
  double limit = 0.7;
  // Texts of ROUGE-L 0.7 have a Jaccard index of at least 0.38 on 3-grams in the shipped copy; two
  // hashes in each of 48 buckets find it at 0.9995 and let 0.5 % of all pairs through.
  data::MinhashConfig lsh = {
      .shingle_size = 3, .bands = 48, .rows_per_band = 2, .min_similarity = 0};

  void describe(FieldVisitor& v) {
    v.field("limit", limit, "character ROUGE-L from which two texts are too like", 0, 1);
  }
};

/// Texts in the order they were added. Not thread-safe; const calls from any number of threads.
class CatalogueIndex {
 public:
  /// Throws InvalidInput for settings out of range.
  explicit CatalogueIndex(const CatalogueConfig& config = {});

  /// Returns the text's index, from 0. Texts of one product are never compared with each other.
  /// Throws InvalidInput for invalid UTF-8.
  size_t add(std::string product_id, std::string_view text);

  struct Match {
    size_t index = 0;
    double rouge_l = 0;  // of characters (NFC, no white space), 0..1
  };
  /// The most like text of another product among those that share a bucket; the earliest when
  /// equal.
  std::optional<Match> nearest(std::string_view text, std::string_view product_id = {}) const;
  /// nearest, when it is at or above the limit.
  std::optional<Match> too_like(std::string_view text, std::string_view product_id = {}) const;

  struct Pair {
    size_t first = 0, second = 0;  // first < second
    double rouge_l = 0;
  };
  /// All pairs of texts of different products at or above the limit that share a bucket; most like
  /// first, then by index.
  std::vector<Pair> pairs() const;

  size_t size() const { return texts_.size(); }
  const std::string& product_id(size_t index) const { return products_[groups_[index]]; }
  const std::u32string& text(size_t index) const { return texts_[index]; }  // metric form
  /// For each text the number of its product, from 0 in order of coming.
  std::span<const uint32_t> groups() const { return groups_; }

 private:
  std::vector<uint32_t> numbered(std::u32string_view text) const;

  CatalogueConfig config_;
  data::NearDuplicateIndex index_;
  std::vector<std::u32string> texts_;
  std::vector<std::vector<uint32_t>> symbols_;  // of each text, its characters by number
  std::unordered_map<char32_t, uint32_t> numbers_;
  std::vector<uint32_t> groups_;
  std::vector<std::string> products_;
  std::unordered_map<std::string, uint32_t> group_of_;
};

/// The distinct runs of `n` >= 1 characters (NFC, no white space) that both texts hold, in order of
/// `a`.
std::vector<std::string> shared_ngrams(std::string_view a, std::string_view b, size_t n = 4);

}  // namespace vitrine::copywriting
