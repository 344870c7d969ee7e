#include "store/pick_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "store/shops.h"

namespace vitrine::store {
namespace {

constexpr double kZ95 = 1.959963984540054;  // of the normal distribution, two-sided 95 %
constexpr double kMsPerHour = 3'600'000;

/// Code points; a byte that is no UTF-8 counts as one.
std::vector<uint32_t> code_points(std::string_view text) {
  std::vector<uint32_t> points;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80 && !points.empty())
      points.back() = points.back() << 6 | (byte & 0x3f);
    else
      points.push_back(byte);
  }
  return points;
}

/// The value below which a share q of them lies, between neighbours in proportion. 0 for none.
double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval mean_interval(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double value = mean(values);
  double squares = 0;
  for (const double x : values) squares += (x - value) * (x - value);
  const double half = values.size() < 2 ? 0 : kZ95 * std::sqrt(squares / (n - 1) / n);
  return {value, value - half, value + half, static_cast<int64_t>(values.size())};
}

const std::string* edited_to(const Pick& pick, const std::string& id) {
  for (const Edit& edit : pick.edits) {
    if (edit.from == id) return &edit.to;
  }
  return nullptr;
}

/// Of each chosen text that is not empty; 0 where nothing was edited.
std::vector<double> relative_distances(const PickInFull& full) {
  std::vector<double> distances;
  for (size_t place = 0; place < full.pick.shown_ids.size(); ++place) {
    const std::string& id = full.pick.shown_ids[place];
    const std::string& text = full.texts[place];
    const auto& chosen = full.pick.chosen;
    if (text.empty() || std::find(chosen.begin(), chosen.end(), id) == chosen.end()) continue;
    const std::string* edited = edited_to(full.pick, id);
    const auto length = static_cast<double>(code_points(text).size());
    distances.push_back(edited ? static_cast<double>(edit_distance(text, *edited)) / length : 0);
  }
  return distances;
}

/// Of what candidates to pick from were made by: a batch's texts are picked by nobody.
int64_t busy_ms(Connection& connection, const std::string& shop_id, const PickPeriod& period) {
  int64_t ms = 0;
  connection.read_one(
      connection.query(
          "SELECT coalesce(sum(busy_ms), 0) FROM jobs WHERE shop_id = $1 AND "
          "kind IN ('write', 'draw') AND created_at >= $2 AND created_at < $3",
          shop_id, period.from, period.to),
      ms);
  return ms;
}

}  // namespace

int64_t edit_distance(std::string_view a, std::string_view b) {
  const std::vector<uint32_t> from = code_points(a), to = code_points(b);
  std::vector<int64_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), int64_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i) + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      const int64_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

Interval wilson_interval(int64_t successes, int64_t n) {
  if (n == 0) return {};
  const auto count = static_cast<double>(n);
  const double p = static_cast<double>(successes) / count;
  const double z2 = kZ95 * kZ95;
  const double middle = (p + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kZ95 * std::sqrt(p * (1 - p) / count + z2 / (4 * count * count)) / (1 + z2 / count);
  return {p, std::max(0.0, middle - half), std::min(1.0, middle + half), n};
}

void PickStatisticsBuilder::add_to(Sums& sums, const PickInFull& full,
                                   const std::vector<double>& distances) {
  ++sums.requests;
  if (full.pick.chosen.empty()) return;
  ++sums.accepted;
  sums.distances.insert(sums.distances.end(), distances.begin(), distances.end());
  sums.seconds.push_back(static_cast<double>(full.pick.ms) / 1000);
}

void PickStatisticsBuilder::add_places(const Pick& pick) {
  const size_t n = pick.shown_ids.size();
  if (places_.size() < n) places_.resize(n);
  for (size_t i = 0; i < n; ++i) {
    Place& place = places_[i];
    const auto& chosen = pick.chosen;
    ++place.shown;
    place.picked += std::count(chosen.begin(), chosen.end(), pick.shown_ids[i]);
    place.expected += static_cast<double>(chosen.size()) / static_cast<double>(n);
  }
}

void PickStatisticsBuilder::add(const PickInFull& full) {
  const Pick& pick = full.pick;
  const std::vector<double> distances = relative_distances(full);
  add_to(all_, full, distances);
  operator_ms_ += pick.ms;
  add_places(pick);
  if (!pick.reason.empty()) ++reasons_[pick.reason];
  if (!full.field.empty()) {
    const std::pair<const char*, std::string> factors[] = {{"style", full.style},
                                                           {"platform", full.platform},
                                                           {"field", full.field},
                                                           {"audience", full.audience},
                                                           {"round", std::to_string(full.round)}};
    for (const auto& [factor, value] : factors) add_to(factors_[{factor, value}], full, distances);
  }
  const auto day = std::chrono::floor<std::chrono::days>(
      pick.time + std::chrono::minutes(config_.utc_offset_minutes));
  DayStatistics& statistics = days_[day];
  statistics.day = day;
  ++statistics.requests;
  if (!pick.chosen.empty()) ++statistics.accepted;
}

void PickStatisticsBuilder::finish_places(PickStatistics& result) const {
  int64_t picked = 0;
  for (const Place& place : places_) picked += place.picked;
  const double all = picked == 0 ? 1 : static_cast<double>(picked);
  for (size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    result.places.push_back({.place = static_cast<int>(i) + 1,
                             .shown = place.shown,
                             .picked = place.picked,
                             .share = static_cast<double>(place.picked) / all,
                             .uniform = place.expected / all});
  }
}

void PickStatisticsBuilder::finish_factors(PickStatistics& result) {
  for (const auto& [name, sums] : factors_) {
    result.factors.push_back({.factor = name.first,
                              .value = name.second,
                              .acceptance = wilson_interval(sums.accepted, sums.requests),
                              .edit_distance = mean(sums.distances),
                              .seconds_per_pick = quantile(sums.seconds, 0.5)});
  }
}

void PickStatisticsBuilder::finish_cost(PickStatistics& result) const {
  result.machine_cost =
      static_cast<double>(config_.machine_ms) / kMsPerHour * config_.price_per_hour;
  result.operator_cost =
      static_cast<double>(operator_ms_) / kMsPerHour * config_.operator_price_per_hour;
  if (result.accepted > 0)
    result.cost_per_accepted =
        (result.machine_cost + result.operator_cost) / static_cast<double>(result.accepted);
}

PickStatistics PickStatisticsBuilder::finish() {
  PickStatistics result;
  result.requests = all_.requests;
  result.accepted = all_.accepted;
  result.acceptance = wilson_interval(all_.accepted, all_.requests);
  result.edit_distance = mean_interval(all_.distances);
  result.median_seconds = quantile(all_.seconds, 0.5);
  result.p90_seconds = quantile(all_.seconds, 0.9);
  if (operator_ms_ > 0)
    result.picks_per_minute =
        static_cast<double>(all_.requests) * 60'000 / static_cast<double>(operator_ms_);
  finish_places(result);
  finish_factors(result);
  finish_cost(result);
  result.reasons.assign(reasons_.begin(), reasons_.end());
  std::stable_sort(result.reasons.begin(), result.reasons.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [day, statistics] : days_) result.days.push_back(statistics);
  return result;
}

PickStatistics pick_statistics(Connection& connection, const std::string& shop_id,
                               const PickPeriod& period, int utc_offset_minutes) {
  const Transaction one_state(connection, Transaction::Kind::read);
  const std::optional<Shop> shop = Shops(connection).find(shop_id);
  if (!shop) throw NotFound(concat("[pick_statistics] ", shop_id, ": no such shop"));
  PickStatisticsBuilder builder({.utc_offset_minutes = utc_offset_minutes,
                                 .price_per_hour = shop->price_per_hour,
                                 .operator_price_per_hour = shop->operator_price_per_hour,
                                 .machine_ms = busy_ms(connection, shop_id, period)});
  Picks(connection, shop_id).for_each(period, [&](const PickInFull& full) { builder.add(full); });
  return builder.finish();
}

}  // namespace vitrine::store
