#include "eval/kernel_distance.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/shuffled.h"

namespace vitrine::eval {
namespace {

double dot(const float* a, const float* b, int64_t d) {
  double sum = 0;
  for (int64_t i = 0; i < d; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

const float* row(const FeatureRows& rows, int64_t i) { return rows.row(i).data(); }

double kernel(const float* a, const float* b, int64_t d) {
  const double value = dot(a, b, d) / static_cast<double>(d) + 1;
  return value * value * value;
}

/// Sum of the kernel over pairs of one set; the diagonal is left out.
double sum_within(const FeatureRows& rows) {
  double sum = 0;
  for (int64_t i = 0; i < rows.num_rows; ++i) {
    for (int64_t j = 0; j < i; ++j) sum += 2 * kernel(row(rows, i), row(rows, j), rows.width);
  }
  return sum;
}

double sum_between(const FeatureRows& first, const FeatureRows& second) {
  double sum = 0;
  for (int64_t i = 0; i < first.num_rows; ++i) {
    for (int64_t j = 0; j < second.num_rows; ++j) sum += kernel(row(first, i), row(second, j), first.width);
  }
  return sum;
}

std::vector<float> drawn_rows(const FeatureRows& rows, int64_t count, RandomKey key) {
  const std::vector<size_t> order = shuffled_indices(static_cast<size_t>(rows.num_rows), key);
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    const float* from = row(rows, static_cast<int64_t>(order[static_cast<size_t>(i)]));
    values.insert(values.end(), from, from + rows.width);
  }
  return values;
}

void require_rows(const FeatureRows& rows) {
  VITRINE_REQUIRE(rows.width >= 1 && static_cast<int64_t>(rows.values.size()) == rows.num_rows * rows.width && rows.num_rows >= 2,
                  "[kernel_distance] expected at least 2 rows of ", rows.width, " numbers, got ", rows.values.size(), " numbers");
}

}  // namespace

double squared_discrepancy(const FeatureRows& first, const FeatureRows& second) {
  require_rows(first);
  require_rows(second);
  VITRINE_REQUIRE(first.width == second.width, "[kernel_distance] features of ", first.width, " and ", second.width, " numbers");
  const auto n = static_cast<double>(first.num_rows), m = static_cast<double>(second.num_rows);
  return sum_within(first) / (n * (n - 1)) + sum_within(second) / (m * (m - 1)) - 2 * sum_between(first, second) / (n * m);
}

KernelDistance kernel_distance(const FeatureRows& first, const FeatureRows& second, const KernelDistanceConfig& config) {
  require_rows(first);
  require_rows(second);
  KernelDistance result{0, 0, std::min({config.subset_size, first.num_rows, second.num_rows}), first.num_rows, second.num_rows};
  const RandomKey key(config.seed);
  std::vector<double> values;
  for (int i = 0; i < config.subsets; ++i) {
    const RandomKey subset = key.fold_in(static_cast<uint64_t>(i));
    const std::vector<float> a = drawn_rows(first, result.subset_size, subset.fold_in("first"));
    const std::vector<float> b = drawn_rows(second, result.subset_size, subset.fold_in("second"));
    values.push_back(squared_discrepancy({result.subset_size, first.width, a}, {result.subset_size, second.width, b}));
    result.mean += values.back() / config.subsets;
  }
  for (const double value : values) result.deviation += (value - result.mean) * (value - result.mean) / config.subsets;
  result.deviation = std::sqrt(result.deviation);
  return result;
}

double mean_pair_distance(const FeatureRows& rows) {
  require_rows(rows);
  std::vector<double> norms;
  for (int64_t i = 0; i < rows.num_rows; ++i) norms.push_back(std::sqrt(std::max(1e-12, dot(row(rows, i), row(rows, i), rows.width))));
  double sum = 0;
  for (int64_t i = 0; i < rows.num_rows; ++i) {
    for (int64_t j = 0; j < i; ++j) sum += 1 - dot(row(rows, i), row(rows, j), rows.width) / (norms[static_cast<size_t>(i)] * norms[static_cast<size_t>(j)]);
  }
  const auto pairs = static_cast<double>(rows.num_rows * (rows.num_rows - 1)) / 2;
  return sum / pairs;
}

}  // namespace vitrine::eval
