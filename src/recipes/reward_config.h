// recipes/reward_config.h - the settings of rounds in which a picture model learns from the best of its own pictures.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "recipes/reward_order.h"

namespace vitrine::recipes {

/// RAFT (Dong et al. 2023, arXiv 2304.06767). Defaults: four pictures of a prompt, as the best of n grows with the logarithm of n while the time
/// grows with n; half of what is learned from stays real, as pictures of a model alone narrow what it draws.
struct RewardConfig {
  int64_t prompts_per_round = 64;
  int64_t pictures_per_prompt = 4;
  int64_t held_out_prompts = 16;
  std::vector<std::string> reward_prompts;
  double real_share = 0.5;
  double clip_weight = 1;
  double category_weight = 1;
  double colour_weight = 1;

  void describe(FieldVisitor& v) {
    v.field("prompts_per_round", prompts_per_round, "prompts that a round draws pictures of, taken from the pool by the seed", 1, 1e6);
    v.field("pictures_per_prompt", pictures_per_prompt, "pictures of each, of which the best is learned from", 2, 1000);
    v.field("held_out_prompts", held_out_prompts, "prompts of the pool that no round learns from", 1, 1e6);
    v.field("reward_prompts", reward_prompts, "prompts of the pool; default: the captions of the set, and its classes in six colours");
    v.field("real_share", real_share, "share of the pictures of a step that are real ones of the set", 0, 0.99);
    v.field("clip_weight", clip_weight, "weight in the reward of the CLIPScore, in its standard deviations", 0, 1000);
    v.field("category_weight", category_weight, "of the probability that the probe gives the class asked for", 0, 1000);
    v.field("colour_weight", colour_weight, "of the share of the garment that has the colour asked for (with a probe)", 0, 1000);
  }
  RewardParts weights() const { return {clip_weight, category_weight, colour_weight}; }
};

}  // namespace vitrine::recipes
