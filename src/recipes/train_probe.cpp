#include "recipes/train_probe.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "models/initialize_pictures.h"
#include "models/picture_tensor.h"
#include "models/probe/module.h"
#include "models/probe/weights.h"
#include "models/tensor_files.h"
#include "recipes/level_channels.h"
#include "train/compute_type.h"
#include "train/picture_tensors.h"
#include "train/probe_objective.h"
#include "train/run_folder.h"
#include "train/step_trainer.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "train probe";
constexpr std::string_view kFiles[] = {"config.json", "model.safetensors", "metrics.json", "train.jsonl", "run.html", kManifestName};
constexpr ArtefactKind kProbeKind{"probe", kFiles};
constexpr double kSpare = 1.1;  // pictures are read so much larger than what the probe sees

struct LabelledSet {
  train::PictureTensors pictures;
  std::vector<std::string> labels;  // of each picture: its folder's name

  std::vector<std::string> classes() const {
    const std::set<std::string> names(labels.begin(), labels.end());
    return {names.begin(), names.end()};
  }
};

LabelledSet load_set(const fs::path& folder, const train::PictureSize& size) {
  LabelledSet set{train::load_pictures(train::picture_files(folder), size), {}};
  for (const fs::path& file : set.pictures.files) set.labels.push_back(file.parent_path().filename().string());
  return set;
}

train::LabelledPictures labelled(const LabelledSet& set, const std::vector<std::string>& classes) {
  train::LabelledPictures result{set.pictures.pixels, {}};
  for (const std::string& label : set.labels) {
    const auto found = std::find(classes.begin(), classes.end(), label);
    VITRINE_REQUIRE(found != classes.end(), "[train probe] validation class '", label, "' has no picture to train on");
    result.labels.push_back(found - classes.begin());
  }
  return result;
}

train::PictureSize read_size(const TrainProbeConfig& config) {
  const auto larger = [](int64_t side) { return static_cast<int64_t>(std::lround(kSpare * static_cast<double>(side))); };
  return {larger(config.width), larger(config.height)};
}

/// Accuracy of each class, and which classes stand for it: {"accuracy", "n", "classes": {name: {"accuracy", "n", "predicted": {name: count}}}}.
Json confusion(const models::ProbeConfig& model, const nn::TensorSource& tensors, const LabelledSet& validation, const TrainProbeConfig& config) {
  const at::NoGradGuard no_grad;
  std::map<std::string, std::map<std::string, int>> counts;
  int right = 0;
  const at::Tensor pixels = validation.pictures.pixels;
  for (int64_t row = 0; row < pixels.size(0); ++row) {
    const at::Tensor cut = pixels[row].narrow(1, (pixels.size(2) - config.height) / 2, config.height).narrow(2, (pixels.size(3) - config.width) / 2, config.width);
    const at::Tensor logits = models::probe_forward(model, nn::TensorScope(tensors), models::to_signed_unit(cut).unsqueeze(0)).logits;
    const std::string& predicted = model.classes[static_cast<size_t>(logits.argmax().item<int64_t>())];
    const std::string& label = validation.labels[static_cast<size_t>(row)];
    ++counts[label][predicted];
    right += predicted == label ? 1 : 0;
  }
  Json json = {{"accuracy", static_cast<double>(right) / static_cast<double>(pixels.size(0))}, {"n", pixels.size(0)}, {"classes", Json::object()}};
  for (const auto& [label, predicted] : counts) {
    int n = 0;
    for (const auto& [name, count] : predicted) n += count;
    const auto found = predicted.find(label);
    json["classes"][label] = {{"accuracy", static_cast<double>(found == predicted.end() ? 0 : found->second) / n}, {"n", n}, {"predicted", predicted}};
  }
  return json;
}

void save(const models::ProbeConfig& model, const nn::ParameterStore& parameters, const TrainProbeConfig& config, const LabelledSet& training,
          const train::StepTrainResult& result, const Json& metrics, const fs::path& folder) {
  std::vector<models::NamedTensor> tensors;
  for (const nn::ParameterSpec& spec : parameters.specs()) tensors.push_back({spec.name, parameters.value(spec.name)});
  const auto dtype = config.save_dtype == "float32" ? models::ComputeType::float32 : models::ComputeType::bfloat16;
  models::save_tensors(folder / "model.safetensors", tensors, dtype, {{"data_sha256", training.pictures.sha256}});
  write_file_atomic(folder / "config.json", dump_pretty(models::to_json(model)));
  write_file_atomic(folder / "metrics.json", dump_pretty(metrics));
  Json manifest = manifest_of(kProbeKind);
  manifest.update({{"settings", config_to_json(config)},
                   {"data", {{"sha256", training.pictures.sha256}, {"pictures", training.pictures.files.size()}}},
                   {"metrics", {{"accuracy", metrics["accuracy"]}, {"n", metrics["n"]}}},
                   {"seconds", result.seconds}});
  write_file_atomic(folder / kManifestName, dump_pretty(manifest));
}

}  // namespace

void TrainProbeConfig::validate() const {
  check_config(*this, kVerb);
  train.validate();
  models::validate(model({"a", "b"}), kVerb);
}

models::ProbeConfig TrainProbeConfig::model(std::vector<std::string> classes) const {
  models::ProbeConfig config;
  config.width = width;
  config.height = height;
  config.block_out_channels = channels_of_levels(block_out_channels, kVerb);
  config.layers_per_block = layers_per_block;
  config.classes = std::move(classes);
  return config;
}

bool train_probe(const fs::path& data, const std::string& output, const TrainProbeConfig& config, const std::string& device_name) {
  const at::Device device(device_name);
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kProbeKind);
  train::RunFolder run(kVerb, place.string() + ".run");
  const LabelledSet training = load_set(data / "train", read_size(config)), validation = load_set(data / "validation", read_size(config));
  const models::ProbeConfig model = config.model(training.classes());
  models::validate(model, kVerb);
  nn::ParameterStore parameters(models::parameter_specs(models::probe_weight_specs(model)), device);
  models::initialize_pictures(parameters, RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"), /*zero_output=*/false);
  log_info("probe: ", parameters.numel(), " parameters, ", model.classes.size(), " classes; ", training.labels.size(), " pictures, ",
           validation.labels.size(), " held out");
  train::ProbeObjective objective(model, parameters, labelled(training, model.classes), labelled(validation, model.classes), config.loss,
                                  train::compute_type(config.train.dtype, parameters.values()), training.pictures.sha256);
  const train::StepTrainResult result = train::train_steps(objective, config.train, run.path(), "probe");
  if (!result.complete) {
    log_info("stopped by the limit, state saved in ", run.path().string(), "; the same command goes on");
    return false;
  }
  const Json metrics = confusion(model, nn::FrozenTensors(models::frozen_tensors(parameters, {})), validation, config);
  ArtefactFolder finished(place, kProbeKind);
  save(model, parameters, config, training, result, metrics, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) fs::copy_file(run.path() / name, finished.path() / name);
  finished.commit();
  run.remove();
  log_info("saved ", output, ": accuracy ", metrics["accuracy"].get<double>(), " of ", metrics["n"].get<int>(), " held-out pictures");
  return true;
}

}  // namespace vitrine::recipes
