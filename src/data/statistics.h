// data/statistics.h - how many products of a category carry an attribute pair: document frequencies and IDF.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "data/product.h"

namespace vitrine::data {

/// Counts over the canonical pairs of a set (usually the train set). A product counts a pair once, however often it
/// repeats. Filled by add, then read; reading is thread-safe. The file is docs/formats/statistics.md.
class AttributeStatistics {
 public:
  using PairKey = std::tuple<std::string, std::string, std::string>;  // category, key, value

  void add(const Product& product);

  /// Products of the category that carry the pair; products of the category.
  int64_t df(std::string_view category, std::string_view key, std::string_view value) const;
  int64_t n(std::string_view category) const;
  /// The same over all categories.
  int64_t df_any(std::string_view key, std::string_view value) const;
  int64_t n_any() const { return n_any_; }

  /// ln((n + 1) / (df + 1)) + 1, natural logarithm: the smoothed IDF of scikit-learn, >= 1 for counts of this set.
  double idf(std::string_view category, std::string_view key, std::string_view value) const;

  /// All pairs with their df, in code-point order of category, key, value.
  const std::map<PairKey, int64_t, std::less<>>& pairs() const { return df_; }

  /// TSV with the header `category key value df n`, sorted, so that equal counts give equal bytes.
  /// Tab, line end and backslash inside a name are written \t \n \\.
  std::string to_tsv() const;
  void save(const std::filesystem::path& path) const;  // atomic; throws IoError
  /// Throws NotFound, or Corrupt naming file, row and value.
  static AttributeStatistics load(const std::filesystem::path& path);
  static AttributeStatistics from_tsv(std::string_view tsv, std::string_view where);

 private:
  void count(const PairKey& pair, int64_t df);

  std::map<PairKey, int64_t, std::less<>> df_;
  std::map<std::string, int64_t, std::less<>> n_;
  std::map<std::tuple<std::string, std::string>, int64_t, std::less<>> df_any_;
  int64_t n_any_ = 0;
};

}  // namespace vitrine::data
