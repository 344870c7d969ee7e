#include "recipes/reward_pictures.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/shuffled.h"
#include "train/tensor_cache.h"

namespace vitrine::recipes {
namespace {

constexpr const char* kLatents = "latents";
constexpr const char* kParts = "parts";

at::Tensor tensor_of(const std::vector<RewardParts>& parts) {
  std::vector<float> values;
  for (const RewardParts& row : parts) values.insert(values.end(), row.begin(), row.end());
  return at::tensor(values).view({-1, static_cast<int64_t>(kRewardParts)});
}

std::vector<RewardParts> parts_of(const at::Tensor& rows) {
  std::vector<RewardParts> parts(static_cast<size_t>(rows.size(0)));
  for (size_t i = 0; i < parts.size(); ++i) {
    for (size_t part = 0; part < kRewardParts; ++part) parts[i][part] = rows[static_cast<int64_t>(i)][static_cast<int64_t>(part)].item<double>();
  }
  return parts;
}

/// The parts of all pictures, one prompt behind the other.
std::vector<RewardParts> joined(const std::vector<JudgedPictures>& groups) {
  std::vector<RewardParts> all;
  for (const JudgedPictures& group : groups) all.insert(all.end(), group.parts.begin(), group.parts.end());
  return all;
}

std::vector<PicturePrompt> drawn_prompts(const std::vector<PicturePrompt>& pool, size_t count, uint64_t seed) {
  std::vector<PicturePrompt> prompts;
  for (const size_t i : shuffled_indices(pool.size(), RandomKey(seed).fold_in("reward prompts"))) {
    if (prompts.size() < count) prompts.push_back(pool[i]);
  }
  return prompts;
}

}  // namespace

PromptPool reward_pool(const CaptionedPictures& set, const std::vector<int64_t>& rows, const RewardConfig& config, const PictureJudges& judges) {
  std::vector<PicturePrompt> prompts;
  for (const std::string& text : config.reward_prompts) prompts.push_back({text});
  if (prompts.empty()) {
    prompts = set.asked_prompts();
    for (const int64_t row : rows) {
      for (PicturePrompt& prompt : set.whole_prompts(static_cast<size_t>(row))) prompts.push_back(std::move(prompt));
    }
  }
  std::erase_if(prompts, [&](const PicturePrompt& prompt) { return prompt.text.empty() || !judges.can_judge(prompt); });
  return split_pool(prompts, static_cast<size_t>(config.held_out_prompts));
}

JudgedPictures RewardDrawer::one(const PicturePrompt& prompt, uint64_t seed, int64_t first, int64_t count) const {
  const train::TensorCache cache{cache_.folder / concat(first, ".safetensors"), sha256_hex(concat(cache_.content, " ", prompt.text, " ", seed, " ", first, " ", count))};
  at::Tensor latents = cache.find(kLatents);
  if (latents.defined()) return {latents, parts_of(cache.find(kParts))};
  latents = drawer_.latents(prompt.text, seeds_in_row(seed, first, count));
  const at::Tensor parts = tensor_of(judges_.judge(drawer_.pictures(latents), prompt));
  cache.write({{kLatents, latents}, {kParts, parts}});
  return {latents, parts_of(parts)};  // as they would be read again
}

std::vector<JudgedPictures> RewardDrawer::operator()(const std::vector<PicturePrompt>& prompts, uint64_t seed, int64_t count) const {
  std::filesystem::create_directories(cache_.folder);
  std::vector<JudgedPictures> groups;
  Progress bar("pictures to judge", prompts.size() * static_cast<size_t>(count), "pictures");
  for (size_t p = 0; p < prompts.size(); ++p) {
    groups.push_back(one(prompts[p], seed, static_cast<int64_t>(p) * count, count));
    bar.advance(static_cast<uint64_t>(count));
  }
  return groups;
}

BestPictures best_pictures(const RewardDrawer& draw, const std::vector<PicturePrompt>& pool, const RewardConfig& config, uint64_t seed) {
  const std::vector<PicturePrompt> prompts = drawn_prompts(pool, static_cast<size_t>(config.prompts_per_round), seed);
  const std::vector<JudgedPictures> groups = draw(prompts, seed, config.pictures_per_prompt);
  const std::vector<RewardParts> all = joined(groups);
  const RewardScale scale = reward_scale(all);
  std::vector<double> rewards;
  for (const RewardParts& parts : all) rewards.push_back(reward_of(parts, config.weights(), scale));
  const auto per_prompt = static_cast<size_t>(config.pictures_per_prompt);
  std::vector<at::Tensor> latents;
  std::vector<RewardParts> kept;
  BestPictures best;
  for (const size_t i : best_of_each(rewards, per_prompt)) {
    latents.push_back(groups[i / per_prompt].latents[static_cast<int64_t>(i % per_prompt)]);
    best.captions.push_back(prompts[i / per_prompt].text);
    kept.push_back(all[i]);
  }
  best.latents = at::stack(latents);
  best.report = {{"prompts", prompts.size()}, {"pictures", all.size()}, {"drawn", mean_parts(all)}, {"best", mean_parts(kept)}};
  return best;
}

Json mean_parts(std::span<const RewardParts> pictures) {
  Json json = Json::object();
  const RewardScale scale = reward_scale(pictures);
  for (size_t part = 0; part < kRewardParts; ++part) {
    const bool is_judged = std::any_of(pictures.begin(), pictures.end(), [&](const RewardParts& row) { return !std::isnan(row[part]); });
    json[kRewardNames[part]] = is_judged ? Json(scale.mean[part]) : Json();
  }
  return json;
}

}  // namespace vitrine::recipes
