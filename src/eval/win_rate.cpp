#include "eval/win_rate.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>

#include "base/error.h"

namespace vitrine::eval {
namespace {

/// Winner seen from `system`: 1, 0.5 or 0.
double value_for(const Judgement& judgement, const std::string& system) {
  if (judgement.winner == Winner::tie) return 0.5;
  return (judgement.winner == Winner::a) == (judgement.system_a == system) ? 1 : 0;
}

void check(const Judgement& judgement, size_t number) {
  const auto& [product, a, b, first, winner, judge] = judgement;
  VITRINE_REQUIRE(a != b, "[win_rates] judgement ", number, ", product ", product, ": ", a,
                  " against itself");
  VITRINE_REQUIRE(first.empty() || first == a || first == b, "[win_rates] judgement ", number,
                  ", product ", product, ": shown_first: expected ", a, " or ", b, ", got ", first);
}

/// The mean of each product's values.
struct ByProduct {
  std::map<std::string, std::pair<double, int64_t>> sums;
  void add(const std::string& product, double value) {
    auto& [sum, count] = sums[product];
    sum += value;
    ++count;
  }
  Estimate estimate(const BootstrapConfig& config) const {
    std::vector<double> means;
    std::vector<uint32_t> groups;
    for (const auto& [product, sum] : sums) {
      groups.push_back(static_cast<uint32_t>(means.size()));
      means.push_back(sum.first / static_cast<double>(sum.second));
    }
    return mean_estimate(means, groups, config);
  }
};

struct Tally {
  WinRate rate;
  ByProduct products;
};

Tally& tally_of(std::vector<Tally>& tallies, const Judgement& judgement) {
  for (auto& tally : tallies) {
    const bool same =
        tally.rate.system == judgement.system_a && tally.rate.other == judgement.system_b;
    const bool turned =
        tally.rate.system == judgement.system_b && tally.rate.other == judgement.system_a;
    if (same || turned) return tally;
  }
  auto& tally = tallies.emplace_back();
  tally.rate.system = judgement.system_a;
  tally.rate.other = judgement.system_b;
  return tally;
}

/// The system that won; "" for a tie.
std::string winner_of(const Judgement& judgement) {
  if (judgement.winner == Winner::tie) return "";
  return judgement.winner == Winner::a ? judgement.system_a : judgement.system_b;
}

/// What was answered with each order of the same two texts.
struct BothOrders {
  std::optional<std::string>
      answers[2];  // shown first: the system whose name sorts first, the other one
};

double round_to_tenth(double share) { return std::round(share * 1000) / 10; }

std::string cell(const Estimate& estimate) {
  if (std::isnan(estimate.value)) return "–";
  char text[96];
  std::snprintf(text, sizeof text, "%.1f%% [%.1f, %.1f]", round_to_tenth(estimate.value),
                round_to_tenth(estimate.interval.low), round_to_tenth(estimate.interval.high));
  return text;
}

}  // namespace

Winner winner_from(std::string_view word, std::string_view where) {
  if (word == "a") return Winner::a;
  if (word == "b") return Winner::b;
  VITRINE_REQUIRE(word == "tie", where, ": winner: expected a, b or tie, got ", word);
  return Winner::tie;
}

std::vector<WinRate> win_rates(std::span<const Judgement> judgements,
                               const BootstrapConfig& config) {
  std::vector<Tally> tallies;
  for (size_t i = 0; i < judgements.size(); ++i) {
    check(judgements[i], i);
    Tally& tally = tally_of(tallies, judgements[i]);
    const double value = value_for(judgements[i], tally.rate.system);
    tally.products.add(judgements[i].product_id, value);
    ++(value == 1 ? tally.rate.wins : value == 0 ? tally.rate.losses : tally.rate.ties);
  }
  std::vector<WinRate> rates;
  for (auto& tally : tallies) {
    tally.rate.rate = tally.products.estimate(config);
    rates.push_back(std::move(tally.rate));
  }
  return rates;
}

PositionBias position_bias(std::span<const Judgement> judgements, const BootstrapConfig& config) {
  ByProduct first_wins, different;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, BothOrders> asked;
  for (size_t i = 0; i < judgements.size(); ++i) {
    const Judgement& j = judgements[i];
    check(j, i);
    if (j.shown_first.empty()) continue;
    first_wins.add(j.product_id, value_for(j, j.shown_first));
    const auto [low, high] = std::minmax(j.system_a, j.system_b);
    asked[{j.product_id, low, high, j.judge}].answers[j.shown_first == low ? 0 : 1] = winner_of(j);
  }
  PositionBias bias;
  for (const auto& [key, both] : asked) {
    if (!both.answers[0] || !both.answers[1]) continue;
    ++bias.asked_both;
    different.add(std::get<0>(key), *both.answers[0] == *both.answers[1] ? 0 : 1);
  }
  bias.first_wins = first_wins.estimate(config);
  bias.disagreement = different.estimate(config);
  return bias;
}

std::vector<Judgement> judgements_of_scores(std::span<const std::string> product_ids,
                                            const std::string& system_a,
                                            std::span<const double> scores_a,
                                            const std::string& system_b,
                                            std::span<const double> scores_b) {
  const bool equal_sizes =
      scores_a.size() == product_ids.size() && scores_b.size() == product_ids.size();
  VITRINE_REQUIRE(equal_sizes, "[judgements_of_scores] ", product_ids.size(), " products, ",
                  scores_a.size(), " scores of ", system_a, ", ", scores_b.size(), " of ",
                  system_b);
  std::vector<Judgement> judgements;
  for (size_t i = 0; i < product_ids.size(); ++i) {
    const auto finite = [&](const std::string& system, double score) {
      VITRINE_REQUIRE(std::isfinite(score), "[judgements_of_scores] ", system, ", product ",
                      product_ids[i], ": score ", score, " is not finite");
    };
    finite(system_a, scores_a[i]);
    finite(system_b, scores_b[i]);
    const Winner winner = scores_a[i] == scores_b[i]  ? Winner::tie
                          : scores_a[i] > scores_b[i] ? Winner::a
                                                      : Winner::b;
    judgements.push_back({product_ids[i], system_a, system_b, "", winner});
  }
  return judgements;
}

std::vector<std::pair<size_t, size_t>> comparisons(size_t num_systems) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 1; i < num_systems; ++i) pairs.emplace_back(i, i - 1);
  for (size_t i = 2; i < num_systems; ++i) pairs.emplace_back(i, 0);
  return pairs;
}

Json to_json(const WinRate& rate) {
  return {{"system", rate.system}, {"over", rate.other}, {"win_rate", to_json(rate.rate)},
          {"wins", rate.wins},     {"ties", rate.ties},  {"losses", rate.losses}};
}

Json to_json(const PositionBias& bias) {
  return {{"first_wins", to_json(bias.first_wins)},
          {"asked_both", bias.asked_both},
          {"disagreement", to_json(bias.disagreement)}};
}

std::string win_rate_table(std::span<const WinRate> rates,
                           const std::optional<PositionBias>& bias) {
  std::string table = "胜率 win rate（平局计 0.5，方括号为按商品重抽的 95% 区间）\n";
  for (const auto& rate : rates) {
    table +=
        concat("  ", rate.system, " 对 ", rate.other, "：", cell(rate.rate), "  胜 ", rate.wins,
               " 平 ", rate.ties, " 负 ", rate.losses, "  商品 ", rate.rate.n, "\n");
  }
  if (!bias) return table;
  table += concat("位置偏差 position bias：先出现的一方胜 ", cell(bias->first_wins),
                  "（无偏差为 50%）\n");
  return table + concat("  两种顺序都问过 ", bias->asked_both, " 组，两次选择不一致 ",
                        cell(bias->disagreement), "\n");
}

}  // namespace vitrine::eval
