// support/near.h - compares a tensor with numbers of a reference, relative to the largest of them.
#pragma once
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/json.h"

namespace vitrine::test {

/// Every |actual - expected| <= tolerance * max |expected|; one failure names the worst place.
inline void expect_near(const at::Tensor& actual, const std::vector<float>& expected, double tolerance) {
  const at::Tensor host = actual.detach().to(at::kCPU, at::kFloat).contiguous();
  ASSERT_EQ(host.numel(), static_cast<int64_t>(expected.size()));
  double largest = 0, worst = 0;
  size_t place = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    const double difference = std::abs(static_cast<double>(host.const_data_ptr<float>()[i]) - expected[i]);
    if (difference > worst || std::isnan(difference)) worst = difference, place = i;
  }
  EXPECT_LE(worst, tolerance * largest) << "element " << place << " of " << actual.sizes() << ": expected " << expected[place] << ", got "
                                        << host.const_data_ptr<float>()[place];
}

inline void expect_near(const at::Tensor& actual, const Json& expected, double tolerance) {
  expect_near(actual, expected.get<std::vector<float>>(), tolerance);
}

}  // namespace vitrine::test
