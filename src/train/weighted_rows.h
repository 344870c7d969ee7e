// train/weighted_rows.h - rows of a set drawn with unequal chances.
#pragma once
#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::train {

/// Sums of the first 1, 2, … weights; of no weights those of ones. Throws InvalidInput when there are others than `count`.
inline std::vector<double> cumulative_weights(std::vector<double> weights, size_t count) {
  if (weights.empty()) weights.assign(count, 1.0);
  VITRINE_REQUIRE(weights.size() == count, "[cumulative_weights] expected ", count, " weights, got ", weights.size());
  std::partial_sum(weights.begin(), weights.end(), weights.begin());
  return weights;
}

inline size_t draw_row(const std::vector<double>& cumulative, RandomStream& random) {
  const double place = random.uniform() * cumulative.back();
  return static_cast<size_t>(std::upper_bound(cumulative.begin(), cumulative.end() - 1, place) - cumulative.begin());
}

}  // namespace vitrine::train
