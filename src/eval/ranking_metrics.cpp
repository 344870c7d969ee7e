#include "eval/ranking_metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

#include "base/error.h"

namespace vitrine::eval {
namespace {

using data::PreferencePair;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<uint32_t> products_of(std::span<const PreferencePair> pairs) {
  std::vector<std::string> names;
  names.reserve(pairs.size());
  for (const auto& pair : pairs) names.push_back(pair.product_id);
  return group_numbers(names);
}

void check_scores(size_t num_pairs, std::span<const PairScores> scores, const std::string& ranker) {
  VITRINE_REQUIRE(num_pairs > 0, "[ranking_metrics] no pairs");
  VITRINE_REQUIRE(scores.size() == num_pairs, "[ranking_metrics] ", ranker, ": expected ",
                  num_pairs, " scores, got ", scores.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const bool finite = std::isfinite(scores[i].chosen) && std::isfinite(scores[i].rejected);
    VITRINE_REQUIRE(finite, "[ranking_metrics] ", ranker, ": pair ", i, ": scores ",
                    scores[i].chosen, " and ", scores[i].rejected, " are not both finite");
  }
}

template <typename T>
std::vector<T> picked(std::span<const T> values, std::span<const uint32_t> rows) {
  std::vector<T> result;
  result.reserve(rows.size());
  for (const uint32_t row : rows) result.push_back(values[row]);
  return result;
}

std::vector<double> right_orders(std::span<const PairScores> scores) {
  std::vector<double> values;
  for (const auto& pair : scores) values.push_back(right_order(pair));
  return values;
}

AccuracyRow accuracy_of_rows(std::span<const uint32_t> rows, std::span<const uint32_t> products,
                             std::span<const RankerScores> rankers, const BootstrapConfig& config) {
  AccuracyRow result;
  const auto groups = picked(products, rows);
  const Bootstrap bootstrap(groups, config);
  const auto num_products =
      static_cast<int64_t>(std::set<uint32_t>(groups.begin(), groups.end()).size());
  for (const auto& ranker : rankers) {
    const auto right = right_orders(picked(std::span<const PairScores>(ranker.scores), rows));
    const double mean =
        std::accumulate(right.begin(), right.end(), 0.0) / static_cast<double>(right.size());
    result.accuracy.push_back(
        {mean, bootstrap.mean(right), static_cast<int64_t>(rows.size()), num_products});
  }
  return result;
}

/// Row numbers of the pairs by (source, type); ("", "") holds all, (source, "") all of a source.
std::map<std::pair<std::string, std::string>, std::vector<uint32_t>> parts_of(
    std::span<const PreferencePair> pairs) {
  std::map<std::pair<std::string, std::string>, std::vector<uint32_t>> parts;
  for (uint32_t i = 0; i < pairs.size(); ++i) {
    parts[{"", ""}].push_back(i);
    parts[{pairs[i].source, ""}].push_back(i);
    if (!pairs[i].type.empty()) parts[{pairs[i].source, pairs[i].type}].push_back(i);
  }
  return parts;
}

/// One pair seen from one of its texts.
struct Prediction {
  double probability;
  bool chosen;
};

/// Both orientations of the pairs, by rising probability. Equal ones keep the order of the pairs,
/// so that a bin that ends among ties holds as many chosen as rejected texts.
std::vector<Prediction> predictions(std::span<const double> margins,
                                    std::span<const uint32_t> rows) {
  std::vector<Prediction> all;
  all.reserve(2 * rows.size());
  for (const uint32_t row : rows) {
    all.push_back({sigmoid(margins[row]), true});
    all.push_back({sigmoid(-margins[row]), false});
  }
  std::stable_sort(all.begin(), all.end(), [](const Prediction& a, const Prediction& b) {
    return a.probability < b.probability;
  });
  return all;
}

std::vector<ReliabilityBin> bins_of(std::span<const Prediction> sorted, size_t num_bins) {
  std::vector<ReliabilityBin> bins;
  for (size_t b = 0; b < num_bins; ++b) {
    const size_t begin = b * sorted.size() / num_bins, end = (b + 1) * sorted.size() / num_bins;
    if (begin == end) continue;
    ReliabilityBin bin{.n = static_cast<int64_t>(end - begin),
                       .low = sorted[begin].probability,
                       .high = sorted[end - 1].probability};
    for (size_t i = begin; i < end; ++i) {
      bin.predicted += sorted[i].probability / static_cast<double>(end - begin);
      bin.observed += (sorted[i].chosen ? 1.0 : 0.0) / static_cast<double>(end - begin);
    }
    bins.push_back(bin);
  }
  return bins;
}

double expected_error(std::span<const ReliabilityBin> bins) {
  double sum = 0, all = 0;
  for (const auto& bin : bins) {
    sum += static_cast<double>(bin.n) * std::abs(bin.observed - bin.predicted);
    all += static_cast<double>(bin.n);
  }
  return sum / all;
}

std::vector<double> margin_values(std::span<const PairScores> scores) {
  std::vector<double> values;
  for (const auto& pair : scores) values.push_back(pair.margin());
  return values;
}

int sign(double value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

}  // namespace

bool beats(const Estimate& a, const Estimate& b) { return a.interval.low > b.interval.high; }

double right_order(const PairScores& scores) {
  return scores.chosen == scores.rejected ? 0.5 : scores.chosen > scores.rejected ? 1 : 0;
}

std::vector<AccuracyRow> pairwise_accuracy(std::span<const PreferencePair> pairs,
                                           std::span<const RankerScores> rankers,
                                           const RankingMetricsConfig& config) {
  VITRINE_REQUIRE(!pairs.empty(), "[ranking_metrics] no pairs");
  for (const auto& ranker : rankers) check_scores(pairs.size(), ranker.scores, ranker.name);
  const auto products = products_of(pairs);
  std::vector<AccuracyRow> rows;
  for (const auto& [name, part] : parts_of(pairs)) {
    auto& row = rows.emplace_back(accuracy_of_rows(part, products, rankers, config.bootstrap()));
    std::tie(row.source, row.type) = name;
  }
  return rows;
}

Margins margins(std::span<const PreferencePair> pairs, std::span<const PairScores> scores,
                const RankingMetricsConfig& config) {
  check_scores(pairs.size(), scores, "ranker");
  std::vector<double> values = margin_values(scores);
  Margins result{mean_estimate(values, products_of(pairs), config.bootstrap()), {}};
  std::sort(values.begin(), values.end());
  for (const double share : {0.05, 0.25, 0.5, 0.75, 0.95})
    result.quantiles.emplace_back(share, quantile(values, share));
  return result;
}

Calibration calibration(std::span<const PreferencePair> pairs, std::span<const PairScores> scores,
                        const RankingMetricsConfig& config) {
  check_scores(pairs.size(), scores, "ranker");
  const auto values = margin_values(scores);
  const auto num_bins = static_cast<size_t>(config.reliability_bins);
  std::vector<uint32_t> all(pairs.size());
  std::iota(all.begin(), all.end(), 0U);
  Calibration result;
  result.bins = bins_of(predictions(values, all), num_bins);
  const auto products = products_of(pairs);
  const double ece = expected_error(result.bins);
  const auto interval =
      Bootstrap(products, config.bootstrap())
          .centred(
              [&](std::span<const uint32_t> rows) {
                return expected_error(bins_of(predictions(values, rows), num_bins));
              },
              ece);
  result.ece = {ece,
                {std::max(0.0, interval.low), interval.high},
                static_cast<int64_t>(pairs.size()),
                1 + *std::max_element(products.begin(), products.end())};
  return result;
}

Estimate disagreement(std::span<const PreferencePair> pairs, std::span<const PairScores> a,
                      std::span<const PairScores> b, const RankingMetricsConfig& config) {
  check_scores(pairs.size(), a, "first ranker");
  check_scores(pairs.size(), b, "second ranker");
  std::vector<double> values;
  for (size_t i = 0; i < pairs.size(); ++i)
    values.push_back(std::abs(sign(a[i].margin()) - sign(b[i].margin())) / 2.0);
  return mean_estimate(values, products_of(pairs), config.bootstrap());
}

std::vector<uint32_t> group_numbers(std::span<const std::string> names) {
  std::unordered_map<std::string_view, uint32_t> numbers;
  std::vector<uint32_t> groups;
  groups.reserve(names.size());
  for (const auto& name : names)
    groups.push_back(
        numbers.try_emplace(name, static_cast<uint32_t>(numbers.size())).first->second);
  return groups;
}

Estimate mean_estimate(std::span<const double> values, std::span<const uint32_t> groups,
                       const BootstrapConfig& config) {
  if (values.empty()) return {std::nan(""), {std::nan(""), std::nan("")}, 0, 0};
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  const auto products = std::set<uint32_t>(groups.begin(), groups.end()).size();
  return {mean, Bootstrap(groups, config).mean(values), static_cast<int64_t>(values.size()),
          static_cast<int64_t>(products)};
}

Json to_json(const Estimate& estimate) {
  const auto number = [](double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  };
  return {{"value", number(estimate.value)},
          {"low", number(estimate.interval.low)},
          {"high", number(estimate.interval.high)},
          {"n", estimate.n},
          {"products", estimate.products}};
}

}  // namespace vitrine::eval
