#include "eval/kernel_distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::eval {
namespace {

FeatureRows rows_of(const std::vector<float>& values, int64_t width) { return {static_cast<int64_t>(values.size()) / width, width, values}; }

std::vector<float> normal_rows(int64_t n, int64_t d, double shift, const char* name) {
  RandomStream random(RandomKey(3).fold_in(name));
  std::vector<float> values;
  for (int64_t i = 0; i < n * d; ++i) {
    values.push_back(static_cast<float>(shift + std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307179586 * random.uniform())));
  }
  return values;
}

TEST(KernelDistanceTest, SquaredDiscrepancyIsWhatOneComputesByHand) {
  // d = 1, k(x, y) = (xy + 1)^3. Within {0, 1}: k = 1; within {1, 2}: k = 27; between: 1, 1, 8, 27.
  const std::vector<float> first{0, 1}, second{1, 2};
  EXPECT_DOUBLE_EQ(squared_discrepancy(rows_of(first, 1), rows_of(second, 1)), 1.0 + 27.0 - 2 * (1 + 1 + 8 + 27) / 4.0);
}

TEST(KernelDistanceTest, TwoDrawsOfOneDistributionAreNear0AndAShiftIsNot) {
  const auto a = normal_rows(200, 8, 0, "a"), b = normal_rows(200, 8, 0, "b"), far = normal_rows(200, 8, 1, "c");
  const KernelDistanceConfig config{.subsets = 20, .subset_size = 100};
  const KernelDistance same = kernel_distance(rows_of(a, 8), rows_of(b, 8), config), shifted = kernel_distance(rows_of(a, 8), rows_of(far, 8), config);
  EXPECT_LT(std::abs(same.mean), 3 * same.deviation + 0.02);
  EXPECT_GT(shifted.mean, 10 * shifted.deviation);
  EXPECT_EQ(same.subset_size, 100);
}

TEST(KernelDistanceTest, TheSameSeedGivesTheSameNumbers) {
  const auto a = normal_rows(60, 4, 0, "a"), b = normal_rows(50, 4, 0.3, "b");
  const KernelDistanceConfig config{.subsets = 5, .subset_size = 30, .seed = 9};
  EXPECT_EQ(kernel_distance(rows_of(a, 4), rows_of(b, 4), config).mean, kernel_distance(rows_of(a, 4), rows_of(b, 4), config).mean);
}

TEST(KernelDistanceTest, PairsOfEqualRowsHaveNoDistanceAndOppositeOnesTwo) {
  const std::vector<float> equal{1, 2, 2, 4}, opposite{1, 0, -1, 0};
  EXPECT_NEAR(mean_pair_distance(rows_of(equal, 2)), 0, 1e-9);
  EXPECT_NEAR(mean_pair_distance(rows_of(opposite, 2)), 2, 1e-9);
}

TEST(KernelDistanceTest, RefusesSetsThatDoNotFitTogether) {
  const std::vector<float> four{1, 2, 3, 4}, one{1, 2};
  EXPECT_THROW(squared_discrepancy(rows_of(four, 2), rows_of(four, 1)), InvalidInput);
  EXPECT_THROW(squared_discrepancy(rows_of(one, 2), rows_of(four, 2)), InvalidInput);
}

}  // namespace
}  // namespace vitrine::eval
