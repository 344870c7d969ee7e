// recipes/reward_pictures.h - a round's own pictures: drawn, judged, and the best of each prompt.
//
// Dong et al. 2023, RAFT (arXiv 2304.06767), algorithm 1, for pictures; the best are kept as the latents that they were drawn as.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "recipes/captioned_pictures.h"
#include "recipes/picture_judges.h"
#include "recipes/prompt_drawer.h"
#include "recipes/reward_config.h"

namespace vitrine::recipes {

/// The pool of a set: reward_prompts, or the whole captions of its pictures and its classes in kAskedColours. Prompts of which no judge can
/// say anything are left out. The same for every run and round on the set.
/// Throws InvalidInput when nothing is left to draw from.
PromptPool reward_pool(const CaptionedPictures& set, const std::vector<int64_t>& rows, const RewardConfig& config, const PictureJudges& judges);

/// Pictures of one prompt.
struct JudgedPictures {
  at::Tensor latents;              // [k, C, h, w] float32, scaled
  std::vector<RewardParts> parts;  // [k]
};

/// Draws and judges prompt after prompt. What is done lies in a folder, so that a run that was stopped draws nothing twice.
class RewardDrawer {
 public:
  struct Cache {
    std::filesystem::path folder;
    std::string content;  // a hash of model, sampling and judges
  };
  /// drawer and judges must outlive it.
  RewardDrawer(PromptDrawer& drawer, const PictureJudges& judges, Cache cache) : drawer_(drawer), judges_(judges), cache_(std::move(cache)) {}

  /// `count` pictures of each prompt; picture i of prompt p has noise p * count + i of the seed. Shows progress; throws Cancelled.
  std::vector<JudgedPictures> operator()(const std::vector<PicturePrompt>& prompts, uint64_t seed, int64_t count) const;

 private:
  JudgedPictures one(const PicturePrompt& prompt, uint64_t seed, int64_t first, int64_t count) const;

  PromptDrawer& drawer_;
  const PictureJudges& judges_;
  Cache cache_;
};

/// The best picture of each prompt.
struct BestPictures {
  at::Tensor latents;                 // [P, C, h, w] float32
  std::vector<std::string> captions;  // [P]
  Json report;                        // {"prompts", "pictures", "drawn": means of the parts, "best": the same of the kept ones}
};

/// Draws prompts_per_round prompts of the pool, or all where it has fewer, by the seed, and keeps the best picture of each.
BestPictures best_pictures(const RewardDrawer& draw, const std::vector<PicturePrompt>& pool, const RewardConfig& config, uint64_t seed);

/// {"clip_score", …}: means over the pictures that were judged; null where none was.
Json mean_parts(std::span<const RewardParts> pictures);

}  // namespace vitrine::recipes
