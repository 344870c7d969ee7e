#include "recipes/picture_inspector.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/hash.h"
#include "copywriting/copy_model.h"
#include "imagery/clip_scorer.h"
#include "models/picture_tensor.h"
#include "models/probe/classifier.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAuto = "auto";
constexpr const char* kNone = "none";

/// The folder of a judge; nothing for none, and for auto where there is no `embedded` one.
std::optional<fs::path> judge_folder(const std::string& name, const char* embedded) {
  if (name == kNone) return std::nullopt;
  if (name != kAuto) return copywriting::find_model(name);
  try {
    return copywriting::find_model(embedded);
  } catch (const NotFound&) {
    return std::nullopt;
  }
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

void PictureInspectorConfig::validate() const {
  check_config(*this, "draw");
  for (const auto& [option, name] : {std::pair{"--probe", probe}, {"--clip", clip}}) {
    if (name.empty()) throw UsageError(concat(option, ": expected a folder, a name in models/, auto or none, got nothing"));
    if (!inspect && name != kAuto && name != kNone) throw UsageError(concat(option, ": without effect with --no-inspect, got ", name));
  }
}

struct PictureInspector::Judges {
  imagery::CaptionWords captions = imagery::CaptionWords::load();
  std::optional<models::ProbeClassifier> probe = {};
  std::unique_ptr<imagery::PairScorer> clip = {};
  Json record = {{"probe", nullptr}, {"clip", nullptr}};

  void load(const PictureInspectorConfig& config, const std::string& device) {
    if (const auto folder = judge_folder(config.probe, "probe-mini")) {
      probe.emplace(*folder);
      record["probe"] = {{"model", folder->filename().string()}, {"sha256", sha256_file(*folder / "model.safetensors")}};
    }
    if (const auto folder = judge_folder(config.clip, "clip-mini")) {
      clip = imagery::load_clip_scorer(*folder, {.device = device});
      record["clip"] = {{"model", folder->filename().string()}, {"sha256", clip->description().at("sha256")}};
    }
  }

  /// [N]: of any of the classes asked for; nothing when the probe knows none of them.
  std::optional<std::vector<double>> ask_probe(std::span<const DrawnPicture> pictures, const std::vector<std::string>& classes) const {
    std::vector<size_t> wanted;
    for (const std::string& label : classes) {
      if (const auto idx = probe->class_idx(label)) wanted.push_back(*idx);
    }
    if (wanted.empty()) return std::nullopt;
    std::vector<at::Tensor> tensors;
    for (const DrawnPicture& drawn : pictures) tensors.push_back(models::to_signed_unit(models::to_tensor(drawn.picture)));
    const at::Tensor seen = probe->look(at::stack(tensors)).probabilities;
    std::vector<double> sums(pictures.size());
    for (size_t i = 0; i < sums.size(); ++i) {
      for (const size_t idx : wanted) sums[i] += seen[static_cast<int64_t>(i)][static_cast<int64_t>(idx)].item<double>();
    }
    return sums;
  }

  std::vector<double> ask_clip(std::span<const DrawnPicture> drawn, const std::vector<std::string>& classes) const {
    std::vector<io::Picture> pictures;
    for (const DrawnPicture& one : drawn) pictures.push_back(one.picture);
    const std::vector<std::string> all = captions.classes();
    std::vector<std::string> texts;
    for (const std::string& label : all) texts.push_back(captions.words({.label = label, .colour = {}, .pattern = {}, .background = {}}, clip->language()).front());
    std::vector<double> sums;
    for (const std::vector<double>& row : clip->classify(pictures, texts)) {
      double sum = 0;
      for (size_t i = 0; i < all.size(); ++i) sum += std::find(classes.begin(), classes.end(), all[i]) != classes.end() ? row[i] : 0;
      sums.push_back(sum);
    }
    return sums;
  }
};

PictureInspector::PictureInspector(const PictureInspectorConfig& config, const std::string& device) : limits_(config.limits) {
  config.validate();
  judges_ = std::make_unique<Judges>();
  if (config.inspect) judges_->load(config, device);
}

PictureInspector::~PictureInspector() = default;

Json PictureInspector::record() const { return judges_->record; }

/// For each picture what each judge says; empty rows when none can say anything.
std::vector<std::vector<double>> PictureInspector::class_probabilities(std::span<const DrawnPicture> pictures, const std::vector<std::string>& classes) {
  std::vector<std::vector<double>> said(pictures.size());
  const auto add = [&](const std::vector<double>& probabilities) {
    for (size_t i = 0; i < said.size(); ++i) said[i].push_back(probabilities[i]);
  };
  if (classes.empty()) return said;
  if (judges_->probe) {
    if (const auto probabilities = judges_->ask_probe(pictures, classes)) add(*probabilities);
  }
  if (judges_->clip) add(judges_->ask_clip(pictures, classes));
  return said;
}

std::vector<imagery::Inspection> PictureInspector::inspect(std::span<const DrawnPicture> pictures, const imagery::Asked& asked) {
  const auto said = class_probabilities(pictures, asked.classes);
  std::vector<imagery::Inspection> inspections;
  for (size_t i = 0; i < pictures.size(); ++i) {
    imagery::InspectionRequest request{.colour = asked.colour, .class_probability = {}};
    if (!said[i].empty()) request.class_probability = mean(said[i]);
    inspections.push_back(imagery::inspect_picture(pictures[i].picture, request, limits_));
  }
  return inspections;
}

}  // namespace vitrine::recipes
