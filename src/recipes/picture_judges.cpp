#include "recipes/picture_judges.h"

#include <ATen/ATen.h>

#include <limits>

#include "eval/retrieval.h"
#include "imagery/clip_scorer.h"
#include "imagery/picture_traits.h"
#include "models/picture_tensor.h"
#include "recipes/training_rows.h"

namespace vitrine::recipes {
namespace {

constexpr double kNotJudged = std::numeric_limits<double>::quiet_NaN();
enum Part : size_t { kClip, kCategory, kColour };  // of RewardParts

}  // namespace

std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& dir, const std::string& device) {
  if (dir.empty()) return nullptr;
  return imagery::load_clip_scorer(dir, {.device = device});
}

PictureJudges::PictureJudges(const std::string& clip, const std::string& probe, const std::string& device) : clip_(load_scorer(clip, device)) {
  if (probe.empty()) return;
  probe_.emplace(probe);
  probe_sha256_ = weights_sha256(probe);
}

bool PictureJudges::can_judge(const PicturePrompt& prompt) const {
  return clip_ != nullptr || (probe_ && (probe_->class_idx(prompt.facts.label) || prompt.facts.colour));
}

std::vector<RewardParts> PictureJudges::judge(const at::Tensor& pictures, const PicturePrompt& prompt) const {
  std::vector<RewardParts> parts(static_cast<size_t>(pictures.size(0)), {kNotJudged, kNotJudged, kNotJudged});
  std::vector<io::Picture> pixels;
  for (int64_t i = 0; i < pictures.size(0); ++i) pixels.push_back(models::to_picture(pictures[i]));
  if (clip_ != nullptr) {
    const std::vector<std::string> texts(pixels.size(), text_in(words_, prompt, clip_->language()));
    const std::vector<double> cosines = clip_->score(pixels, texts);
    for (size_t i = 0; i < parts.size(); ++i) parts[i][kClip] = eval::clip_score(cosines[i]);
  }
  if (!probe_) return parts;
  if (const auto wanted = probe_->class_idx(prompt.facts.label)) {
    const at::Tensor probabilities = probe_->look(pictures).probabilities.select(1, static_cast<int64_t>(*wanted));
    for (size_t i = 0; i < parts.size(); ++i) parts[i][kCategory] = probabilities[static_cast<int64_t>(i)].item<double>();
  }
  if (prompt.facts.colour) {
    for (size_t i = 0; i < parts.size(); ++i) parts[i][kColour] = imagery::measure_traits(pixels[i]).garment.all[static_cast<size_t>(*prompt.facts.colour)];
  }
  return parts;
}

Json PictureJudges::description() const {
  return {{"clip", clip_ ? clip_->description() : Json()}, {"probe", probe_ ? Json(probe_sha256_) : Json()}};
}

}  // namespace vitrine::recipes
