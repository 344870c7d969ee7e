// data/selection.h - attribute pairs that are too rare in their category to write about, by TF-IDF.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"
#include "data/statistics.h"

namespace vitrine::data {

struct SparsePair {
  int attr_idx = 0;  // into product.attributes
  std::string attribute_id, category, key, val;
  double tf_idf = 0;
};
Json to_json(const SparsePair& pair);

/// Mean TF-IDF of a pair over the products of its category: a product is a document, the pair's term frequency in it is
/// 1 or 0, so the mean is (df / n) * idf with idf = ln((n + 1) / (df + 1)) + 1. It grows with df: a low value is a sparse pair.
/// 0 when the category has no products.
///   df, n  of the category; idf as AttributeStatistics::idf
/// Source: Salton and Buckley 1988 for TF-IDF, the smoothing of scikit-learn's TfidfTransformer.
double mean_tf_idf(const AttributeStatistics& statistics, std::string_view category, std::string_view key, std::string_view val);

/// The pairs of the product whose mean TF-IDF in `category` is below `min_tf_idf`, with their scores, in the order of the
/// attributes. Never the 类型; none at all when the statistics do not have the category.
std::vector<SparsePair> sparse_pairs(const Product& product, const AttributeStatistics& statistics, std::string_view category,
                                     double min_tf_idf);

}  // namespace vitrine::data
