// eval/baseline_rankers.h - rankers that learned nothing: a ranking model that does not beat them
// is worth nothing.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "checks/checker.h"
#include "data/product.h"
#include "eval/ranking_metrics.h"

namespace vitrine::eval {

inline constexpr std::string_view kLengthRanker =
    "length";  // the longer text, in code points without white space
inline constexpr std::string_view kCoverageRanker =
    "coverage";  // the larger share of values (checks::literal_coverage)
inline constexpr std::string_view kRulesRanker = "rules";    // fewer hits of the checks
inline constexpr std::string_view kRandomRanker = "random";  // a draw by key, product and text

double length_score(std::string_view text);
double coverage_score(std::string_view text, const data::Product& product);
/// Minus the number of hits, whatever their level.
double rules_score(std::string_view text, const data::Product& product,
                   const checks::Checker& checker);
/// In [0, 1); depends on seed, product and text alone.
double random_score(std::string_view text, std::string_view product_id, int64_t seed);

/// length, coverage, rules and random on all pairs. products[i] is that of pairs[i]. `pool` changes
/// nothing but the time. Throws InvalidInput for another number of products than pairs, or a text
/// that is not UTF-8.
std::vector<RankerScores> baseline_rankers(std::span<const data::PreferencePair> pairs,
                                           std::span<const data::Product> products,
                                           const checks::Checker& checker, int64_t seed,
                                           ThreadPool& pool);

}  // namespace vitrine::eval
