// recipes/align_images_report.h - what the rounds of `align images` changed, on held-out prompts.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "recipes/reward_order.h"

namespace vitrine::recipes {

/// A model on the held-out prompts.
struct MeasuredRound {
  std::string name;                // base, round-1, …
  std::vector<RewardParts> parts;  // [P * k], the pictures of a prompt behind each other; the same noise for every model
  double likeness_to_base = 1;     // cosine of text states on general prompts
};

/// For each model {"name", "reward", "gain", "clip_score", …, "likeness_to_base"}. reward: in standard deviations of the first model's pictures,
/// whose mean is 0; gain: the reward less that of the first model on the same prompt and noise. Each {"mean", "low", "high", "n"}, 95 % intervals by
/// prompts; null where nothing was judged.
/// Throws InvalidInput for no models and for numbers of pictures that differ or are no multiple of k.
Json measured_rounds(const std::vector<MeasuredRound>& models, const RewardParts& weights, int64_t pictures_per_prompt, int resamples);

/// report: {"models": as above, "prompts", "pictures_per_prompt", "rounds", "settings"}; grids: a PNG of each model.
std::string align_images_html(const Json& report, const std::vector<std::string>& grids);

}  // namespace vitrine::recipes
