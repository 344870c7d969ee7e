// recipes/reward_order.h - which of the pictures of a prompt is the best, by what several judges say.
//
// Best of n of each prompt: Dong et al. 2023, RAFT (arXiv 2304.06767).
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/json.h"

namespace vitrine::recipes {

inline constexpr size_t kRewardParts = 3;
inline constexpr const char* kRewardNames[kRewardParts] = {"clip_score", "category_probability", "colour_share"};

/// A number for each of kRewardNames: 0..100, 0..1, 0..1; NaN = not judged.
using RewardParts = std::array<double, kRewardParts>;

/// With null for NaN.
Json to_json(const RewardParts& parts);
RewardParts reward_parts_from(const Json& json);

/// Judges count in units of their own spread, since a CLIPScore moves by hundredths where a probability moves by halves.
struct RewardScale {
  RewardParts mean{}, deviation{};
};

/// Mean and standard deviation of each part over the pictures that have it; 0 where none has.
RewardScale reward_scale(std::span<const RewardParts> pictures);

/// Sum over the parts of weight * (value - mean) / deviation; parts that are not judged or do not differ add nothing.
double reward_of(const RewardParts& parts, const RewardParts& weights, const RewardScale& scale);

/// Of rewards[p * per_prompt + i] the best picture of each prompt, as an index into `rewards`; the first of equal ones.
/// Throws InvalidInput for a number of rewards that is no multiple.
std::vector<size_t> best_of_each(std::span<const double> rewards, size_t per_prompt);

}  // namespace vitrine::recipes
