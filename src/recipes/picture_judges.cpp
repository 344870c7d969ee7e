#include "recipes/picture_judges.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

#include "eval/retrieval.h"
#include "imagery/clip_scorer.h"
#include "imagery/picture_traits.h"
#include "models/picture_tensor.h"
#include "models/probe/module.h"
#include "models/probe/weights.h"
#include "models/tensor_files.h"
#include "recipes/training_rows.h"

namespace vitrine::recipes {
namespace {

constexpr double kNotJudged = std::numeric_limits<double>::quiet_NaN();
enum Part : size_t { kClip, kCategory, kColour };  // of RewardParts

}  // namespace

std::optional<size_t> Probe::class_idx(const std::string& label) const {
  const auto found = std::find(config.classes.begin(), config.classes.end(), label);
  if (found == config.classes.end()) return std::nullopt;
  return static_cast<size_t>(found - config.classes.begin());
}

Probe load_probe(const std::string& dir) {
  const models::ProbeConfig config = models::read_probe_config(dir);
  return {config, std::make_unique<nn::FrozenTensors>(models::frozen_tensors(models::load_probe_weights(dir, config), models::probe_weight_specs(config), {})),
          weights_sha256(dir)};
}

ProbeView look(const Probe& probe, const at::Tensor& pictures) {
  constexpr int64_t kBatch = 64;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> probabilities, features;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    const at::Tensor batch = pictures.narrow(0, begin, std::min(kBatch, pictures.size(0) - begin));
    const at::Tensor sized = at::_upsample_bilinear2d_aa(batch, {probe.config.height, probe.config.width}, /*align_corners=*/false);
    const models::ProbeOutput output = models::probe_forward(probe.config, nn::TensorScope(*probe.tensors), sized);
    probabilities.push_back(at::softmax(output.logits, -1));
    features.push_back(output.features);
  }
  return {at::cat(probabilities), at::cat(features).contiguous()};
}

std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& dir, const std::string& device) {
  if (dir.empty()) return nullptr;
  return imagery::load_clip_scorer(dir, {.device = device});
}

PictureJudges::PictureJudges(const std::string& clip, const std::string& probe, const std::string& device) : clip_(load_scorer(clip, device)) {
  if (!probe.empty()) probe_ = load_probe(probe);
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
    const at::Tensor probabilities = look(*probe_, pictures).probabilities.select(1, static_cast<int64_t>(*wanted));
    for (size_t i = 0; i < parts.size(); ++i) parts[i][kCategory] = probabilities[static_cast<int64_t>(i)].item<double>();
  }
  if (prompt.facts.colour) {
    for (size_t i = 0; i < parts.size(); ++i) parts[i][kColour] = imagery::measure_traits(pixels[i]).garment.all[static_cast<size_t>(*prompt.facts.colour)];
  }
  return parts;
}

Json PictureJudges::description() const {
  return {{"clip", clip_ ? clip_->description() : Json()}, {"probe", probe_ ? Json(probe_->sha256) : Json()}};
}

}  // namespace vitrine::recipes
