#include "base/random.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace vitrine {
namespace {

TEST(RandomKeyTest, ADrawDependsOnKeyAndCounterAlone) {
  const RandomKey key = RandomKey(3).fold_in("product").fold_in(5);
  EXPECT_EQ(key.bits(7), RandomKey(3).fold_in("product").fold_in(5).bits(7));
  EXPECT_NE(key.bits(7), key.bits(8));
  EXPECT_NE(key.bits(7), RandomKey(4).fold_in("product").fold_in(5).bits(7));
}

TEST(RandomKeyTest, UniformDrawsHaveTheMeanAndVarianceOfTheUniformDistribution) {
  const RandomKey key(1);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = key.uniform(static_cast<uint64_t>(i));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
}

TEST(RandomStreamTest, ShuffleIsAPermutation) {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  RandomStream(RandomKey(9)).shuffle(values);
  EXPECT_NE(values[0] + values[1] * 1000, 0 + 1 * 1000);
  EXPECT_EQ(std::set<int>(values.begin(), values.end()).size(), 100u);
}

}  // namespace
}  // namespace vitrine
