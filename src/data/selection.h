// data/selection.h - attribute pairs that are too rare in their category to write about are dropped, by TF-IDF.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "data/product.h"
#include "data/statistics.h"

namespace vitrine::data {

struct SelectionConfig {
  bool tf_idf = true;
  double min_tf_idf = 0.01;

  void describe(FieldVisitor& v) {
    v.field("tf_idf", tf_idf, "drop sparse attribute pairs");
    v.field("min_tf_idf", min_tf_idf, "pairs with a lower mean TF-IDF in their category are dropped", 0, 1);
  }
};

struct DroppedPair {
  std::string product_id, attribute_id, category, key, val;
  double tf_idf = 0;
};
Json to_json(const DroppedPair& pair);

/// Mean TF-IDF of a pair over the products of its category: a product is a document, the pair's term frequency in it is
/// 1 or 0, so the mean is (df / n) * idf with idf = ln((n + 1) / (df + 1)) + 1. It grows with df: a low value is a sparse pair.
/// 0 when the category has no products.
///   df, n  of the category; idf as AttributeStatistics::idf
/// Source: Salton and Buckley 1988 for TF-IDF, the smoothing of scikit-learn's TfidfTransformer.
double mean_tf_idf(const AttributeStatistics& statistics, std::string_view category, std::string_view key, std::string_view val);

/// Removes the sparse pairs of the product, in place, and returns them with their scores. Kept without a test: the
/// 类型, pairs whose id is in `pinned`, and all pairs of a category that the statistics do not have. Nothing is
/// removed when config.tf_idf is off.
std::vector<DroppedPair> drop_sparse_pairs(Product& product, const AttributeStatistics& statistics, const SelectionConfig& config,
                                           const std::vector<std::string>& pinned = {});

}  // namespace vitrine::data
