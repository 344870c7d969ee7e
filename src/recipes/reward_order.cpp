#include "recipes/reward_order.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

std::vector<double> judged(std::span<const RewardParts> pictures, size_t part) {
  std::vector<double> values;
  for (const RewardParts& picture : pictures) {
    if (!std::isnan(picture[part])) values.push_back(picture[part]);
  }
  return values;
}

}  // namespace

Json to_json(const RewardParts& parts) {
  Json json = Json::array();
  for (const double part : parts) json.push_back(std::isnan(part) ? Json() : Json(part));
  return json;
}

RewardParts reward_parts_from(const Json& json) {
  RewardParts parts;
  for (size_t part = 0; part < kRewardParts; ++part) parts[part] = json.at(part).is_null() ? std::nan("") : json.at(part).get<double>();
  return parts;
}

RewardScale reward_scale(std::span<const RewardParts> pictures) {
  RewardScale scale;
  for (size_t part = 0; part < kRewardParts; ++part) {
    const std::vector<double> values = judged(pictures, part);
    if (values.empty()) continue;
    const auto n = static_cast<double>(values.size());
    for (const double value : values) scale.mean[part] += value / n;
    double variance = 0;
    for (const double value : values) variance += (value - scale.mean[part]) * (value - scale.mean[part]) / n;
    scale.deviation[part] = std::sqrt(variance);
  }
  return scale;
}

double reward_of(const RewardParts& parts, const RewardParts& weights, const RewardScale& scale) {
  constexpr double kLeastDeviation = 1e-12;
  double reward = 0;
  for (size_t part = 0; part < kRewardParts; ++part) {
    if (std::isnan(parts[part]) || scale.deviation[part] < kLeastDeviation) continue;
    reward += weights[part] * (parts[part] - scale.mean[part]) / scale.deviation[part];
  }
  return reward;
}

std::vector<size_t> best_of_each(std::span<const double> rewards, size_t per_prompt) {
  VITRINE_REQUIRE(per_prompt > 0 && rewards.size() % per_prompt == 0, "[best_of_each] expected a multiple of ", per_prompt, " rewards, got ", rewards.size());
  std::vector<size_t> best;
  for (size_t begin = 0; begin < rewards.size(); begin += per_prompt) {
    const auto first = rewards.begin() + static_cast<std::ptrdiff_t>(begin);
    best.push_back(static_cast<size_t>(std::max_element(first, first + static_cast<std::ptrdiff_t>(per_prompt)) - rewards.begin()));
  }
  return best;
}

}  // namespace vitrine::recipes
