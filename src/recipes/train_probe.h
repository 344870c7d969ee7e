// recipes/train_probe.h - a classifier of product pictures from class folders: what generated pictures are measured with.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "models/probe/config.h"
#include "train/probe_loss_config.h"
#include "train/step_train_config.h"

namespace vitrine::recipes {

struct TrainProbeConfig {
  int64_t width = 96;
  int64_t height = 96;
  std::vector<std::string> block_out_channels = {"32", "64", "128", "192"};
  int64_t layers_per_block = 1;
  std::string save_dtype = "bfloat16";
  train::ProbeLossConfig loss;
  train::StepTrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("width", width, "pictures are cut to this width, pixels", 16, 4096);
    v.field("height", height, "and this height", 16, 4096);
    v.field("block_out_channels", block_out_channels, "channels of each level; each halves the side");
    v.field("layers_per_block", layers_per_block, "residual blocks of a level", 1, 8);
    v.field("save_dtype", save_dtype, "type of the stored weights", {"bfloat16", "float32"});
    loss.describe(v);
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
  models::ProbeConfig model(std::vector<std::string> classes) const;
};

/// DATA has class folders train/<class>/ and validation/<class>/. Writes a directory with config.json, model.safetensors,
/// metrics.json (accuracy and confusion on validation/), vitrine.json, train.jsonl and run.html. The same command goes on with a
/// run that was stopped. Returns false when the run was stopped by its own limits, with its state saved.
bool train_probe(const std::filesystem::path& data, const std::string& output, const TrainProbeConfig& config, const std::string& device);

}  // namespace vitrine::recipes
