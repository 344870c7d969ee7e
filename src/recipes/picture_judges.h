// recipes/picture_judges.h - the models that say of a drawn picture whether it shows what was asked for.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagery/pair_scorer.h"
#include "models/probe/classifier.h"
#include "recipes/picture_prompts.h"
#include "recipes/reward_order.h"

namespace vitrine::recipes {

/// "" = none of that kind.
std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& dir, const std::string& device);

class PictureJudges {
 public:
  /// clip, probe: directories; "" = none of that kind. Throws what load_clip_scorer and ProbeClassifier throw.
  PictureJudges(const std::string& clip, const std::string& probe, const std::string& device);

  /// Whether any part of the reward of this prompt's pictures is judged.
  bool can_judge(const PicturePrompt& prompt) const;
  /// Of pictures [N, 3, H, W] from -1 to 1 of one prompt. The CLIP reads the prompt in its own language; the colour counts with a probe.
  std::vector<RewardParts> judge(const at::Tensor& pictures, const PicturePrompt& prompt) const;
  /// Which models they are: {"clip", "probe"}.
  Json description() const;

 private:
  std::unique_ptr<imagery::PairScorer> clip_;
  std::optional<models::ProbeClassifier> probe_;
  std::string probe_sha256_;
  imagery::CaptionWords words_ = imagery::CaptionWords::load();
};

}  // namespace vitrine::recipes
