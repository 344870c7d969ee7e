// store/pick_statistics.h - how operators work with the candidates (metrics.md section 7), from the
// pick log alone; only the cost needs the jobs and the shop's prices.
//
// Computed here over picks one after another, so that both databases give the same numbers.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/picks.h"

namespace vitrine::store {

/// A mean with its 95 % interval: Wilson's for shares, the normal one for other means.
struct Interval {
  double value = 0, low = 0, high = 0;
  int64_t n = 0;
};

struct PlaceStatistics {
  int place = 0;  // from 1
  int64_t shown = 0, picked = 0;
  double share = 0;    // of all that was picked
  double uniform = 0;  // the share if places did not matter
};

struct FactorStatistics {
  std::string factor;  // style, platform, field, audience, round
  std::string value;
  Interval acceptance;
  double edit_distance = 0;     // mean over accepted copy
  double seconds_per_pick = 0;  // median over accepted ones
};

struct DayStatistics {
  std::chrono::sys_days day{};  // of the shop's clock
  int64_t requests = 0, accepted = 0;
};

struct PickStatistics {
  int64_t requests = 0;  // picks: candidates were shown
  int64_t accepted = 0;  // something was chosen
  Interval acceptance;   // accepted / requests
  Interval
      edit_distance;  // Levenshtein(picked, edited) / code points of picked; over accepted copy
  double median_seconds = 0, p90_seconds = 0;  // from shown to picked, over accepted ones
  double picks_per_minute = 0;                 // requests / minutes that operators spent
  std::vector<PlaceStatistics> places;
  std::vector<FactorStatistics> factors;  // by factor and value, in the order of bytes
  std::vector<std::pair<std::string, int64_t>> reasons;  // most frequent first
  std::vector<DayStatistics> days;                       // with picks, in their order
  double machine_cost = 0, operator_cost = 0;            // in the shop's currency
  std::optional<double> cost_per_accepted;               // nothing without accepted ones
};

struct StatisticsConfig {
  int utc_offset_minutes = 480;  // of the days: China's clock
  double price_per_hour = 0, operator_price_per_hour = 0;
  int64_t machine_ms = 0;  // how long machines worked for these picks
};

/// Call order: (add)* finish. Not thread-safe.
class PickStatisticsBuilder {
 public:
  explicit PickStatisticsBuilder(StatisticsConfig config) : config_(config) {}
  void add(const PickInFull& full);
  PickStatistics finish();

 private:
  struct Sums {
    int64_t requests = 0, accepted = 0;
    std::vector<double> distances, seconds;  // of accepted ones
  };
  struct Place {
    int64_t shown = 0, picked = 0;
    double expected = 0;  // picks of this place if places did not matter
  };
  void add_to(Sums& sums, const PickInFull& full, const std::vector<double>& distances);
  void add_places(const Pick& pick);
  void finish_places(PickStatistics& result) const;
  void finish_factors(PickStatistics& result);
  void finish_cost(PickStatistics& result) const;

  StatisticsConfig config_;
  Sums all_;
  int64_t operator_ms_ = 0;
  std::vector<Place> places_;
  std::map<std::pair<std::string, std::string>, Sums> factors_;
  std::map<std::string, int64_t> reasons_;
  std::map<std::chrono::sys_days, DayStatistics> days_;
};

/// Of a shop's picks in a period, with the shop's prices and the busy time of the jobs
/// (write, draw, batch) that were started in it. Throws NotFound for an unknown shop.
PickStatistics pick_statistics(Connection& connection, const std::string& shop_id,
                               const PickPeriod& period, int utc_offset_minutes);

/// Levenshtein's distance in code points of two UTF-8 texts.
int64_t edit_distance(std::string_view a, std::string_view b);
Interval wilson_interval(int64_t successes, int64_t n);

}  // namespace vitrine::store
