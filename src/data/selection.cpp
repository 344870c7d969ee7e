#include "data/selection.h"

namespace vitrine::data {

Json to_json(const SparsePair& pair) {
  return {{"attribute_id", pair.attribute_id}, {"category", pair.category}, {"key", pair.key}, {"val", pair.val}, {"tf_idf", pair.tf_idf}};
}

double mean_tf_idf(const AttributeStatistics& statistics, std::string_view category, std::string_view key, std::string_view val) {
  const auto n = static_cast<double>(statistics.n(category));
  if (n == 0) return 0;
  return static_cast<double>(statistics.df(category, key, val)) / n * statistics.idf(category, key, val);
}

std::vector<SparsePair> sparse_pairs(const Product& product, const AttributeStatistics& statistics, std::string_view category,
                                     double min_tf_idf) {
  std::vector<SparsePair> sparse;
  if (statistics.n(category) == 0) return sparse;
  for (size_t i = 0; i < product.attributes.size(); ++i) {
    const Attribute& a = product.attributes[i];
    if (a.key == "类型") continue;
    const double score = mean_tf_idf(statistics, category, a.key, a.val);
    if (score < min_tf_idf) sparse.push_back({static_cast<int>(i), a.id, std::string(category), a.key, a.val, score});
  }
  return sparse;
}

}  // namespace vitrine::data
