// recipes/train_vae.h - a VAE from a folder of pictures, the first part of a picture model of one's own.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "models/vae/config.h"
#include "train/step_train_config.h"
#include "train/vae_loss_config.h"

namespace vitrine::recipes {

struct TrainVaeConfig {
  int64_t width = 128;
  int64_t height = 128;
  std::vector<std::string> block_out_channels = {"32", "48", "96", "128"};
  int64_t latent_channels = 4;
  int64_t layers_per_block = 1;
  int64_t norm_num_groups = 16;
  std::string init;
  bool train_encoder = true;
  std::string save_dtype = "bfloat16";
  train::VaeLossConfig loss;
  train::StepTrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("width", width, "pictures are cut to this width, pixels", 16, 4096);
    v.field("height", height, "and this height", 16, 4096);
    v.field("block_out_channels", block_out_channels, "channels of each level, from the full size down; each level halves the side");
    v.field("latent_channels", latent_channels, "numbers for each latent position", 1, 64);
    v.field("layers_per_block", layers_per_block, "residual blocks of a level, one more in the decoder", 1, 8);
    v.field("norm_num_groups", norm_num_groups, "groups of the norms", 1, 1024);
    v.field("init", init, "directory of a VAE of the same shape to learn on; empty = random weights");
    v.field("train_encoder", train_encoder, "false: only the decoder learns (needs init), so that latents, and what was trained on them, stay valid");
    v.field("save_dtype", save_dtype, "type of the stored weights", {"bfloat16", "float32"});
    loss.describe(v);
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field; model() too, for a width that is no number.
  void validate() const;
  models::VaeConfig model() const;
};

/// DATA has the pictures, maybe in train/ and validation/; else a share of them is held out. Writes a diffusers `vae` directory
/// with vitrine.json, train.jsonl and run.html. The same command goes on with a run that was stopped.
/// Returns false when the run was stopped by its own limits, with its state saved.
bool train_vae(const std::filesystem::path& data, const std::string& output, const TrainVaeConfig& config, const std::string& device);

}  // namespace vitrine::recipes
