#include "train/objectives.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace vitrine::train {
namespace {

/// log(1 + exp(x)) without overflow.
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double sigmoid(double x) {
  const double e = std::exp(-std::abs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

void require_setting(const char* objective, const char* name, double value,
                     bool above_zero = false) {
  VITRINE_REQUIRE(std::isfinite(value) && (above_zero ? value > 0 : value >= 0), "[", objective,
                  "] ", name, ": expected ", above_zero ? "> 0" : ">= 0", ", got ", value);
}

/// Calls visit(chosen, rejected) for each two documents of different reward; returns how many there
/// are.
template <typename Visit>
size_t for_pairs(const models::GroupValues& group, const Visit& visit) {
  size_t pairs = 0;
  for (size_t chosen = 0; chosen < group.targets.size(); ++chosen) {
    for (size_t rejected = 0; rejected < group.targets.size(); ++rejected) {
      if (!(group.targets[chosen].reward > group.targets[rejected].reward)) continue;
      visit(chosen, rejected);
      ++pairs;
    }
  }
  return pairs;
}

/// Makes the sums over the pairs their mean.
double mean_over(size_t pairs, double sum, std::span<double> derivatives) {
  if (pairs == 0) return 0;
  for (double& derivative : derivatives) derivative /= static_cast<double>(pairs);
  return sum / static_cast<double>(pairs);
}

void clear(std::span<double> derivatives) {
  std::fill(derivatives.begin(), derivatives.end(), 0.0);
}

/// log(exp(value) + sum of exp over the documents of lower reward), and the shares of it added to
/// `derivatives`.
double add_log_sum(const models::GroupValues& group, size_t of, std::span<double> derivatives) {
  const auto competes = [&](size_t i) {
    return i == of || group.targets[i].reward < group.targets[of].reward;
  };
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < group.values.size(); ++i) {
    if (competes(i)) largest = std::max(largest, group.values[i]);
  }
  for (size_t i = 0; i < group.values.size(); ++i) {
    if (competes(i)) sum += std::exp(group.values[i] - largest);
  }
  for (size_t i = 0; i < group.values.size(); ++i) {
    if (competes(i)) derivatives[i] += std::exp(group.values[i] - largest) / sum;
  }
  return largest + std::log(sum);
}

}  // namespace

PairwiseObjective::PairwiseObjective(double margin, double center_weight)
    : margin_(margin), center_weight_(center_weight) {
  require_setting("PairwiseObjective", "margin", margin);
  require_setting("PairwiseObjective", "center_weight", center_weight);
}

double PairwiseObjective::loss(const models::GroupValues& group,
                               std::span<double> derivatives) const {
  clear(derivatives);
  double sum = 0;
  const size_t pairs = for_pairs(group, [&](size_t chosen, size_t rejected) {
    const double lead = group.values[chosen] - group.values[rejected] - margin_;
    const double both = group.values[chosen] + group.values[rejected];
    const double push = sigmoid(-lead), centre = 2 * center_weight_ * both;
    sum += softplus(-lead) + center_weight_ * both * both;
    derivatives[chosen] += centre - push;
    derivatives[rejected] += centre + push;
  });
  return mean_over(pairs, sum, derivatives);
}

Json PairwiseObjective::settings() const {
  return {{"name", "pairs"}, {"margin", margin_}, {"center_weight", center_weight_}};
}

ListwiseObjective::ListwiseObjective(double center_weight) : center_weight_(center_weight) {
  require_setting("ListwiseObjective", "center_weight", center_weight);
}

double ListwiseObjective::loss(const models::GroupValues& group,
                               std::span<double> derivatives) const {
  clear(derivatives);
  if (for_pairs(group, [](size_t, size_t) {}) == 0) return 0;
  double sum = 0, mean = 0;
  const auto count = static_cast<double>(group.values.size());
  for (size_t i = 0; i < group.values.size(); ++i) {
    sum += add_log_sum(group, i, derivatives) - group.values[i];
    derivatives[i] -= 1;
    mean += group.values[i] / count;
  }
  for (double& derivative : derivatives) derivative += center_weight_ * 8 * mean / count;
  return sum + center_weight_ * 4 * mean * mean;
}

Json ListwiseObjective::settings() const {
  return {{"name", "list"}, {"center_weight", center_weight_}};
}

DpoObjective::DpoObjective(double beta) : beta_(beta) {
  require_setting("DpoObjective", "beta", beta, /*above_zero=*/true);
}

double DpoObjective::loss(const models::GroupValues& group, std::span<double> derivatives) const {
  clear(derivatives);
  const auto gain = [&](size_t i) { return group.values[i] - group.targets[i].ref_logp; };
  double sum = 0;
  const size_t pairs = for_pairs(group, [&](size_t chosen, size_t rejected) {
    const double lead = beta_ * (gain(chosen) - gain(rejected)), push = beta_ * sigmoid(-lead);
    sum += softplus(-lead);
    derivatives[chosen] -= push;
    derivatives[rejected] += push;
  });
  return mean_over(pairs, sum, derivatives);
}

Json DpoObjective::settings() const { return {{"name", "dpo"}, {"beta", beta_}}; }

RrhfObjective::RrhfObjective(double rank_weight, double sft_weight)
    : rank_weight_(rank_weight), sft_weight_(sft_weight) {
  require_setting("RrhfObjective", "rank_weight", rank_weight);
  require_setting("RrhfObjective", "sft_weight", sft_weight);
}

double RrhfObjective::loss(const models::GroupValues& group, std::span<double> derivatives) const {
  clear(derivatives);
  const auto tokens = [&](size_t i) { return static_cast<double>(group.predicted_tokens[i]); };
  const auto mean_logp = [&](size_t i) { return group.values[i] / tokens(i); };
  for (size_t i = 0; i < group.values.size(); ++i) {
    VITRINE_REQUIRE(group.predicted_tokens[i] > 0, "[RrhfObjective] document ", i,
                    " of a group has no predicted token");
  }
  double sum = 0;
  for_pairs(group, [&](size_t chosen, size_t rejected) {
    const double gap = mean_logp(rejected) - mean_logp(chosen);
    if (gap <= 0) return;
    sum += rank_weight_ * gap;
    derivatives[rejected] += rank_weight_ / tokens(rejected);
    derivatives[chosen] -= rank_weight_ / tokens(chosen);
  });
  double best = -std::numeric_limits<double>::infinity(), num_best = 0;
  for (const auto& target : group.targets) best = std::max(best, target.reward);
  for (const auto& target : group.targets) num_best += target.reward == best ? 1 : 0;
  for (size_t i = 0; i < group.values.size(); ++i) {
    if (group.targets[i].reward != best) continue;
    sum -= sft_weight_ * mean_logp(i) / num_best;
    derivatives[i] -= sft_weight_ / (num_best * tokens(i));
  }
  return sum;
}

Json RrhfObjective::settings() const {
  return {{"name", "rrhf"}, {"rank_weight", rank_weight_}, {"sft_weight", sft_weight_}};
}

}  // namespace vitrine::train
