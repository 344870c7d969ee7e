#include "eval/baseline_rankers.h"

#include "base/error.h"
#include "base/random.h"
#include "checks/evidence.h"
#include "checks/output_faults.h"
#include "text/utf8.h"

namespace vitrine::eval {

double length_score(std::string_view text) {
  return static_cast<double>(text::metric_code_points(text).size());
}

double coverage_score(std::string_view text, const data::Product& product) {
  return checks::literal_coverage(text::to_utf32(text), product, /*any_word_for_category=*/true);
}

double rules_score(std::string_view text, const data::Product& product,
                   const checks::Checker& checker) {
  return -static_cast<double>(checker.check(text, checks::Evidence(product), {}).hits.size());
}

double random_score(std::string_view text, std::string_view product_id, int64_t seed) {
  return RandomKey(static_cast<uint64_t>(seed))
      .fold_in("random ranker")
      .fold_in(product_id)
      .fold_in(text)
      .uniform(0);
}

std::vector<RankerScores> baseline_rankers(std::span<const data::PreferencePair> pairs,
                                           std::span<const data::Product> products,
                                           const checks::Checker& checker, int64_t seed,
                                           ThreadPool& pool) {
  VITRINE_REQUIRE(products.size() == pairs.size(), "[baseline_rankers] expected ", pairs.size(),
                  " products, got ", products.size());
  std::vector<RankerScores> rankers;
  for (const auto name : {kLengthRanker, kCoverageRanker, kRulesRanker, kRandomRanker})
    rankers.push_back({std::string(name), std::vector<PairScores>(pairs.size())});
  const auto on_both = [](const data::PreferencePair& pair, const auto& score) {
    return PairScores{score(pair.chosen), score(pair.rejected)};
  };
  pool.parallel_for(pairs.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      rankers[0].scores[i] = on_both(pairs[i], [](const auto& text) { return length_score(text); });
      rankers[1].scores[i] =
          on_both(pairs[i], [&](const auto& text) { return coverage_score(text, products[i]); });
      rankers[2].scores[i] = on_both(
          pairs[i], [&](const auto& text) { return rules_score(text, products[i], checker); });
      rankers[3].scores[i] = on_both(pairs[i], [&](const auto& text) {
        return random_score(text, pairs[i].product_id, seed);
      });
    }
  });
  return rankers;
}

}  // namespace vitrine::eval
