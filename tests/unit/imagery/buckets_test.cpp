#include "imagery/buckets.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

TEST(BucketsTest, AreasStayBelowTheSquareAndSidesAreMultiplesOfTheStep) {
  const BucketConfig config{.resolution = 512, .step = 64, .max_ratio = 2};
  const auto buckets = make_buckets(config);
  EXPECT_EQ(buckets, (std::vector<PictureSize>{{384, 640}, {448, 576}, {512, 512}, {576, 448}, {640, 384}}));
  for (const PictureSize size : buckets) {
    EXPECT_LE(size.width * size.height, 512 * 512);
    EXPECT_EQ(size.width % 64 + size.height % 64, 0);
    EXPECT_LE(std::max(size.width, size.height), 2 * std::min(size.width, size.height));
  }
}

TEST(BucketsTest, APictureGoesToTheNearestShape) {
  const std::vector<PictureSize> buckets = {{384, 640}, {512, 512}, {640, 384}};
  EXPECT_EQ(bucket_of({1000, 1000}, buckets), 1u);
  EXPECT_EQ(bucket_of({256, 341}, buckets), 0u);  // 0.75 is 1.25 times 0.6, and 1 is 1.33 times 0.75
  EXPECT_EQ(bucket_of({9000, 10}, buckets), 2u);
  EXPECT_EQ(bucket_of({1, 1}, {{2, 1}, {1, 2}}), 1u);
}

TEST(BucketsTest, ARatioOfOneLeavesTheSquare) {
  EXPECT_EQ(make_buckets({.resolution = 64, .step = 8, .max_ratio = 1}), (std::vector<PictureSize>{{64, 64}}));
}

TEST(BucketsTest, BadSettingsAreRefused) {
  EXPECT_THROW(make_buckets({.resolution = 32, .step = 64}), InvalidInput);
  EXPECT_THROW(make_buckets({.resolution = 32, .step = 0}), InvalidInput);
  EXPECT_THROW(make_buckets({.resolution = 32, .step = 8, .max_ratio = 0.5}), InvalidInput);
  EXPECT_THROW(bucket_of({0, 1}, {{1, 1}}), InvalidInput);
  EXPECT_THROW(bucket_of({1, 1}, {}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::imagery
