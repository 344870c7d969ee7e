#include "copywriting/retrieval.h"

#include <set>

#include "base/error.h"

namespace vitrine::copywriting {
namespace {

std::set<std::string> pairs_of(const data::Product& product) {
  std::set<std::string> pairs;
  for (const data::Attribute& a : product.attributes) pairs.insert(a.key + "#" + a.val);
  return pairs;
}

}  // namespace

RetrievalBaseline::RetrievalBaseline(std::span<const data::Product> train) {
  VITRINE_REQUIRE(!train.empty(), "[RetrievalBaseline] train: expected at least 1 product, got 0");
  for (size_t row = 0; row < train.size(); ++row) {
    const auto pairs = pairs_of(train[row]);
    for (const std::string& pair : pairs) rows_of_pair_[pair].push_back(static_cast<uint32_t>(row));
    pair_counts_.push_back(static_cast<uint32_t>(pairs.size()));
    summaries_.push_back(train[row].summary);
  }
}

size_t RetrievalBaseline::nearest(const data::Product& product) const {
  const auto pairs = pairs_of(product);
  std::vector<uint64_t> shared(summaries_.size(), 0);
  for (const std::string& pair : pairs) {
    const auto rows = rows_of_pair_.find(pair);
    if (rows == rows_of_pair_.end()) continue;
    for (const uint32_t row : rows->second) ++shared[row];
  }
  size_t best = 0;
  auto united = [&](size_t row) { return pairs.size() + pair_counts_[row] - shared[row]; };
  for (size_t row = 1; row < shared.size(); ++row) {
    // shared/united of row > that of best, in whole numbers: a tie keeps the first.
    if (shared[row] * united(best) > shared[best] * united(row)) best = row;
  }
  return best;
}

}  // namespace vitrine::copywriting
