// eval/copy_set.h - the products of an evaluation as the metrics see them, and what the train set says about values.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"
#include "eval/diversity.h"

namespace vitrine::eval {

/// One product of the set. All texts are code points after NFC, white space removed.
struct CopyItem {
  std::string id;
  std::u32string reference;             // the human copy
  std::u32string evidence;              // everything the copy may rest on: pairs, title, description
  std::vector<std::string> keys;        // one a pair, in input order
  std::vector<std::u32string> values;   // its value; repeats are kept
  std::vector<std::u32string> raw_values;  // the shop's own spelling, equal to `values` when not normalised
  uint32_t group = 0;                   // products with equal pairs share it
  bool single = true;                   // no other product has the same pairs
};

using CopySet = std::vector<CopyItem>;

/// Throws InvalidInput naming the id of a product without pairs or without human copy, or when there are no products.
CopySet make_copy_set(std::span<const data::Product> products);

/// Other spellings of a canonical value: 真丝 -> {桑蚕丝, 蚕丝}. Keys and forms as metric code points.
using SynonymTable = std::map<std::u32string, std::vector<std::u32string>, std::less<>>;

/// Document frequency of each value (whatever its key) and the runs of 20 characters of the train copy.
class TrainTable {
 public:
  explicit TrainTable(std::span<const data::Product> products);

  int64_t value_df(std::u32string_view value) const;  // products that carry the value; 0 when never seen
  const std::map<std::u32string, int64_t, std::less<>>& values() const { return df_; }

  /// 20th percentile of the document frequencies: over the distinct values; over all uses of values.
  double rare_df() const { return rare_df_; }
  double rare_df_by_use() const { return rare_df_by_use_; }
  const CopiedRuns& copied_runs() const { return runs_; }

 private:
  std::map<std::u32string, int64_t, std::less<>> df_;
  double rare_df_ = 0, rare_df_by_use_ = 0;
  CopiedRuns runs_;
};

/// What a set shares with the train set; `rows` or `texts` above 0 is leakage.
struct Leakage {
  int64_t rows = 0;    // equal pairs and equal human copy
  int64_t texts = 0;   // equal human copy
  int64_t inputs = 0;  // equal pairs in equal order; counted, no leakage by itself
  std::string first;   // id of the first row or text found
};
Leakage find_leakage(std::span<const data::Product> train, std::span<const data::Product> set);

}  // namespace vitrine::eval
