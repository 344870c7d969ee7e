#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"

namespace vitrine::eval {
namespace {

std::vector<uint32_t> each_its_own(size_t rows) {
  std::vector<uint32_t> groups(rows);
  std::iota(groups.begin(), groups.end(), 0U);
  return groups;
}

std::vector<uint32_t> drawn_rows(uint64_t seed) {
  std::vector<uint32_t> all;
  Bootstrap(each_its_own(8), {.resamples = 5, .seed = seed}).of([&](std::span<const uint32_t> rows) {
    all.insert(all.end(), rows.begin(), rows.end());
    return 0.0;
  });
  return all;
}

TEST(BootstrapTest, TheSameSeedGivesTheSameInterval) {
  const std::vector<double> values = {1, 5, 2, 8, 3, 9, 4, 4};
  const auto groups = each_its_own(values.size());
  const Interval first = Bootstrap(groups, {.seed = 3}).mean(values), again = Bootstrap(groups, {.seed = 3}).mean(values);
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  EXPECT_NE(drawn_rows(3), drawn_rows(4));
}

TEST(BootstrapTest, TheIntervalOfAMeanIsAboutTwoStandardErrorsWide) {
  std::vector<double> values(400);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? 1 : 0;  // deviation 0.5, error 0.025
  const Interval interval = Bootstrap(each_its_own(400)).mean(values);
  EXPECT_NEAR(interval.low, 0.5 - 1.96 * 0.025, 0.006);
  EXPECT_NEAR(interval.high, 0.5 + 1.96 * 0.025, 0.006);
}

TEST(BootstrapTest, RowsOfAProductAreDrawnTogether) {
  const std::vector<uint32_t> groups = {0, 0, 1, 1, 2};
  Bootstrap(groups, {.resamples = 50}).of([](std::span<const uint32_t> rows) {
    std::vector<int> drawn(5, 0);
    for (const uint32_t row : rows) ++drawn[row];
    EXPECT_EQ(drawn[0], drawn[1]);
    EXPECT_EQ(drawn[2], drawn[3]);
    EXPECT_EQ(drawn[0] + drawn[2] + drawn[4], 3);
    return 0.0;
  });
}

TEST(BootstrapTest, MissingRowsAreLeftOut) {
  const std::vector<double> values = {2, NAN, 2};
  const Interval interval = Bootstrap(each_its_own(3)).mean(values);
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 2);
  EXPECT_TRUE(std::isnan(Bootstrap(each_its_own(1)).mean(std::vector<double>{NAN}).low));
}

TEST(BootstrapTest, ACentredIntervalHoldsItsEstimate) {
  const auto distinct = [](std::span<const uint32_t> rows) {
    return static_cast<double>(std::set<uint32_t>(rows.begin(), rows.end()).size()) / static_cast<double>(rows.size());
  };
  const Bootstrap draws(each_its_own(200));
  EXPECT_LT(draws.of(distinct).high, 0.75);  // about 63 % of the rows are in a resample
  const Interval centred = draws.centred(distinct, 1.0);
  EXPECT_LT(centred.low, 1.0);
  EXPECT_GT(centred.high, 1.0);
}

TEST(BootstrapTest, ImpossibleSettingsAreRejected) {
  EXPECT_THROW(Bootstrap(each_its_own(0)), InvalidInput);
  EXPECT_THROW(Bootstrap(each_its_own(2), {.resamples = 0}), InvalidInput);
  EXPECT_THROW(Bootstrap(each_its_own(2), {.level = 1}), InvalidInput);
  EXPECT_THROW(Bootstrap(each_its_own(2)).mean(std::vector<double>{1}), InvalidInput);
}

TEST(QuantileTest, ItInterpolatesBetweenOrderStatistics) {
  const std::vector<double> sorted = {1, 2, 4};
  EXPECT_DOUBLE_EQ(quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.75), 3);
  EXPECT_DOUBLE_EQ(quantile(sorted, 1), 4);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

}  // namespace
}  // namespace vitrine::eval
