// recipes/picture_judges.h - the models that say of a drawn picture whether it shows what was asked for.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imagery/pair_scorer.h"
#include "models/probe/config.h"
#include "nn/tensor_scope.h"
#include "recipes/picture_prompts.h"
#include "recipes/reward_order.h"

namespace vitrine::recipes {

/// A classifier of `train probe`.
struct Probe {
  models::ProbeConfig config;
  std::unique_ptr<nn::FrozenTensors> tensors;
  std::string sha256;

  /// Nothing for a class that it does not know.
  std::optional<size_t> class_idx(const std::string& label) const;
};

/// Throws what read_probe_config and load_probe_weights throw.
Probe load_probe(const std::string& dir);

/// What a probe says of pictures [N, 3, H, W] from -1 to 1 of any size.
struct ProbeView {
  at::Tensor probabilities;  // [N, classes]
  at::Tensor features;       // [N, d]
};
ProbeView look(const Probe& probe, const at::Tensor& pictures);

/// "" = none of that kind.
std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& dir, const std::string& device);

class PictureJudges {
 public:
  /// clip, probe: directories; "" = none of that kind. Throws what load_clip_scorer and load_probe throw.
  PictureJudges(const std::string& clip, const std::string& probe, const std::string& device);

  /// Whether any part of the reward of this prompt's pictures is judged.
  bool can_judge(const PicturePrompt& prompt) const;
  /// Of pictures [N, 3, H, W] from -1 to 1 of one prompt. The CLIP reads the prompt in its own language; the colour counts with a probe.
  std::vector<RewardParts> judge(const at::Tensor& pictures, const PicturePrompt& prompt) const;
  /// Which models they are: {"clip", "probe"}.
  Json description() const;

 private:
  std::unique_ptr<imagery::PairScorer> clip_;
  std::optional<Probe> probe_;
  imagery::CaptionWords words_ = imagery::CaptionWords::load();
};

}  // namespace vitrine::recipes
