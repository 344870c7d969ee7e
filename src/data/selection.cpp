#include "data/selection.h"

#include <algorithm>

namespace vitrine::data {

Json to_json(const DroppedPair& pair) {
  return {{"product_id", pair.product_id}, {"attribute_id", pair.attribute_id}, {"category", pair.category},
          {"key", pair.key}, {"val", pair.val}, {"tf_idf", pair.tf_idf}};
}

double mean_tf_idf(const AttributeStatistics& statistics, std::string_view category, std::string_view key, std::string_view val) {
  const auto n = static_cast<double>(statistics.n(category));
  if (n == 0) return 0;
  return static_cast<double>(statistics.df(category, key, val)) / n * statistics.idf(category, key, val);
}

std::vector<DroppedPair> drop_sparse_pairs(Product& product, const AttributeStatistics& statistics, const SelectionConfig& config,
                                           const std::vector<std::string>& pinned) {
  std::vector<DroppedPair> dropped;
  const std::string category = category_of(product);
  if (!config.tf_idf || statistics.n(category) == 0) return dropped;
  std::erase_if(product.attributes, [&](const Attribute& a) {
    const bool is_pinned = std::find(pinned.begin(), pinned.end(), a.id) != pinned.end();
    if (a.key == "类型" || is_pinned) return false;
    const double score = mean_tf_idf(statistics, category, a.key, a.val);
    if (score >= config.min_tf_idf) return false;
    dropped.push_back({product.id, a.id, category, a.key, a.val, score});
    return true;
  });
  return dropped;
}

}  // namespace vitrine::data
