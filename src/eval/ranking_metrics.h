// eval/ranking_metrics.h - how often, by how much and how surely a ranker puts the better text of a
// pair first.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/config.h"
#include "data/preferences.h"
#include "eval/bootstrap.h"

namespace vitrine::eval {

struct RankingMetricsConfig {
  int resamples = 1000;
  int64_t seed = 0;  // of the resamples and of the random ranker; the caller's --seed
  int reliability_bins = 10;

  void describe(FieldVisitor& v) {
    v.field("resamples", resamples, "bootstrap resamples over products", 1, 1000000);
    v.field("reliability_bins", reliability_bins, "equal-count bins of the reliability table", 2,
            1000);
  }
  BootstrapConfig bootstrap() const {
    return {.resamples = resamples, .seed = static_cast<uint64_t>(seed)};
  }
};

/// What one ranker says of the two texts of a pair; higher is better.
struct PairScores {
  double chosen = 0, rejected = 0;
  double margin() const { return chosen - rejected; }
};

struct RankerScores {
  std::string name;
  std::vector<PairScores> scores;  // [pairs]
};

/// A number with its interval over products.
struct Estimate {
  double value = 0;
  Interval interval;
  int64_t n = 0, products = 0;  // rows it is over, and their products
};

/// Whether a's interval lies wholly above b's.
bool beats(const Estimate& a, const Estimate& b);

/// 1 when the chosen text has the higher score, 0 when the other has it, 0.5 on a tie.
double right_order(const PairScores& scores);

/// The pairs of one source (or of one type of it), and how each ranker does on them.
struct AccuracyRow {
  std::string source, type;        // both empty = all pairs; type empty = all of the source
  std::vector<Estimate> accuracy;  // [rankers]: share of pairs in the right order, ties 0.5
};

/// All pairs; then each source by name; below a source each of its types that is not "". The
/// intervals of a row's rankers rest on the same draws of products. Throws InvalidInput: no pairs,
/// a ranker with another number of scores, a score that is not finite (naming ranker and pair).
std::vector<AccuracyRow> pairwise_accuracy(std::span<const data::PreferencePair> pairs,
                                           std::span<const RankerScores> rankers,
                                           const RankingMetricsConfig& config);

struct Margins {
  Estimate mean;                                     // of score(chosen) - score(rejected)
  std::vector<std::pair<double, double>> quantiles;  // share, margin: 0.05, 0.25, 0.5, 0.75, 0.95
};
Margins margins(std::span<const data::PreferencePair> pairs, std::span<const PairScores> scores,
                const RankingMetricsConfig& config);

struct ReliabilityBin {
  int64_t n = 0;
  double low = 0, high = 0;  // least and greatest predicted probability
  double predicted = 0;      // mean of the predicted probabilities
  double observed = 0;  // share in which the text that the prediction is about was the chosen one
};

struct Calibration {
  Estimate ece;  // expected calibration error: sum over bins of n / all * |observed - predicted|
  std::vector<ReliabilityBin>
      bins;  // by rising probability; equal counts (they differ by at most one)
};

/// sigma(difference) as the probability that a text of a pair is the chosen one (Bradley and Terry
/// 1952; ECE with equal-count bins: Guo et al. 2017, Nixon et al. 2019). A pair has no first text:
/// were it always (chosen, rejected), every outcome would be 1 and an error could not be seen. So
/// each pair stands in the table in both orientations, as (sigma(m), 1) and (sigma(-m), 0) with
/// margin m: 2 n entries, no draw, and a table that is symmetric about 0.5. The interval of the ECE
/// is moved to the estimate (Bootstrap::centred), as repeated rows raise it.
Calibration calibration(std::span<const data::PreferencePair> pairs,
                        std::span<const PairScores> scores, const RankingMetricsConfig& config);

/// Share of pairs that two rankers order differently; 0.5 where just one of them has a tie.
Estimate disagreement(std::span<const data::PreferencePair> pairs, std::span<const PairScores> a,
                      std::span<const PairScores> b, const RankingMetricsConfig& config);

/// A number for each product: equal strings give equal numbers, in order of first appearance.
std::vector<uint32_t> group_numbers(std::span<const std::string> names);

/// Mean of `values` with its interval; groups[i] is the product of values[i].
Estimate mean_estimate(std::span<const double> values, std::span<const uint32_t> groups,
                       const BootstrapConfig& config);

Json to_json(const Estimate& estimate);

}  // namespace vitrine::eval
