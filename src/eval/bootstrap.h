// eval/bootstrap.h - confidence intervals by drawing products again, all rows of a product together.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace vitrine::eval {

struct Interval {
  double low = 0, high = 0;
};

struct BootstrapConfig {
  int resamples = 1000;
  uint64_t seed = 0;
  double level = 0.95;
};

/// Percentile bootstrap (Efron 1979) over groups of rows. The resamples are drawn once, so intervals of several
/// metrics and systems rest on the same draws; they depend on groups and config alone.
class Bootstrap {
 public:
  /// groups: for each row the product it belongs to (any numbers). Throws InvalidInput for no rows, fewer than one
  /// resample, or a level outside (0, 1).
  explicit Bootstrap(std::span<const uint32_t> groups, const BootstrapConfig& config = {});

  /// Interval of the mean of `values` [rows]; rows that are NaN are left out. NaN bounds when no row is left.
  Interval mean(std::span<const double> values) const;

  /// Interval of any number computed from the rows of a resample (a row may come several times).
  using Statistic = std::function<double(std::span<const uint32_t> rows)>;
  Interval of(const Statistic& statistic) const;

  /// The same for a number that falls when rows repeat, such as the share of distinct n-grams: the interval is moved
  /// so that the resamples' mean meets `estimate`.
  Interval centred(const Statistic& statistic, double estimate) const;

  size_t num_rows() const { return num_rows_; }

 private:
  std::vector<double> run(const Statistic& statistic) const;
  Interval percentiles(std::vector<double> values) const;

  size_t num_rows_;
  double level_;
  std::vector<std::vector<uint32_t>> resamples_;  // row numbers
};

/// Linear interpolation between the order statistics, as numpy's default; share in 0 … 1. NaN for no values.
double quantile(std::span<const double> sorted, double share);

}  // namespace vitrine::eval
