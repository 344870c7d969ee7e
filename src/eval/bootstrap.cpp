#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::eval {

Bootstrap::Bootstrap(std::span<const uint32_t> groups, const BootstrapConfig& config) : num_rows_(groups.size()), level_(config.level) {
  VITRINE_REQUIRE(!groups.empty(), "[Bootstrap] no rows");
  VITRINE_REQUIRE(config.resamples >= 1, "[Bootstrap] resamples: expected >= 1, got ", config.resamples);
  VITRINE_REQUIRE(config.level > 0 && config.level < 1, "[Bootstrap] level: expected in (0, 1), got ", config.level);
  std::map<uint32_t, std::vector<uint32_t>> by_group;
  for (uint32_t row = 0; row < groups.size(); ++row) by_group[groups[row]].push_back(row);
  std::vector<const std::vector<uint32_t>*> products;
  for (const auto& [group, rows] : by_group) products.push_back(&rows);
  const RandomKey key(config.seed);
  for (int i = 0; i < config.resamples; ++i) {
    RandomStream draws(key.fold_in(static_cast<uint64_t>(i)));
    auto& resample = resamples_.emplace_back();
    for (size_t drawn = 0; drawn < products.size(); ++drawn) {
      const auto& rows = *products[draws.below(products.size())];
      resample.insert(resample.end(), rows.begin(), rows.end());
    }
  }
}

std::vector<double> Bootstrap::run(const Statistic& statistic) const {
  std::vector<double> values;
  values.reserve(resamples_.size());
  for (const auto& rows : resamples_) values.push_back(statistic(rows));
  return values;
}

Interval Bootstrap::percentiles(std::vector<double> values) const {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
  return {quantile(values, (1 - level_) / 2), quantile(values, (1 + level_) / 2)};
}

Interval Bootstrap::of(const Statistic& statistic) const { return percentiles(run(statistic)); }

Interval Bootstrap::centred(const Statistic& statistic, double estimate) const {
  std::vector<double> values = run(statistic);
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (double& value : values) value += estimate - mean;
  return percentiles(std::move(values));
}

Interval Bootstrap::mean(std::span<const double> values) const {
  VITRINE_REQUIRE(values.size() == num_rows_, "[Bootstrap::mean] values: expected ", num_rows_, ", got ", values.size());
  return of([&](std::span<const uint32_t> rows) {
    double sum = 0, count = 0;
    for (const uint32_t row : rows) {
      if (std::isnan(values[row])) continue;
      sum += values[row];
      count += 1;
    }
    return count == 0 ? std::nan("") : sum / count;
  });
}

double quantile(std::span<const double> sorted, double share) {
  if (sorted.empty()) return std::nan("");
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(at));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace vitrine::eval
