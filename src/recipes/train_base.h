// recipes/train_base.h - a small Stable Diffusion from scratch: text encoder and UNet, on a VAE of `train vae`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "diffusion/scheduler_config.h"
#include "models/clip/config.h"
#include "models/unet/config.h"
#include "train/diffusion_loss_config.h"
#include "train/step_train_config.h"

namespace vitrine::recipes {

struct TrainBaseConfig {
  std::string vae;
  std::string init;
  int64_t width = 128;
  int64_t height = 128;
  int64_t shifts = 2;
  std::string language = "en";
  std::string licence;
  double drop_word = 0.1;
  double balance = 0.5;
  std::vector<std::string> block_out_channels = {"128", "192", "256"};
  int64_t layers_per_block = 1;
  int64_t attention_head_size = 64;
  bool text_in_time = false;
  int64_t text_width = 192;
  int64_t text_layers = 3;
  int64_t text_positions = 32;
  int64_t vocab_size = 1000;
  int64_t sample_steps = 20;
  double sample_guidance_scale = 3;
  std::string save_dtype = "bfloat16";
  train::DiffusionLossConfig loss;
  train::StepTrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("vae", vae, "directory of `train vae`");
    v.field("init", init, "directory, or name in models/, of an earlier `train base` with the same VAE and shapes, whose weights and tokenizer are learned on; text_in_time may be new");
    v.field("width", width, "pictures are cut to this width, pixels", 16, 4096);
    v.field("height", height, "and this height", 16, 4096);
    v.field("shifts", shifts, "ways to cut each picture a little larger, each also mirrored", 1, 64);
    v.field("language", language, "of the captions", {"en", "zh", "both"});
    v.field("licence", licence, "licence of the pictures, where the set does not say it; kept in the model");
    v.field("drop_word", drop_word, "chance that a word of a caption is left out; the class never is", 0, 1);
    v.field("balance", balance, "0: pictures are drawn alike; 1: classes and colours are; between: the root of that", 0, 1);
    v.field("block_out_channels", block_out_channels, "channels of each level; the first has no attention, each later one halves the side");
    v.field("layers_per_block", layers_per_block, "residual blocks of a level, one more on the way up", 1, 8);
    v.field("attention_head_size", attention_head_size, "channels of an attention head", 8, 512);
    v.field("text_in_time", text_in_time, "the pooled text also goes with the time into every residual block (addition_embed_type)");
    v.field("text_width", text_width, "width of the text encoder", 32, 4096);
    v.field("text_layers", text_layers, "layers of the text encoder", 1, 48);
    v.field("text_positions", text_positions, "tokens of a prompt, start and end included", 8, 512);
    v.field("vocab_size", vocab_size, "tokens that are learned from the captions", 520, 100000);
    v.field("sample_steps", sample_steps, "denoising steps of the pictures on the run's page", 1, 1000);
    v.field("sample_guidance_scale", sample_guidance_scale, "their guidance", 1, 100);
    v.field("save_dtype", save_dtype, "type of the stored weights", {"bfloat16", "float32"});
    loss.describe(v);
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
  models::UNetConfig unet(int64_t latent_channels, int64_t downscale) const;
  models::ClipTextConfig text_encoder(int64_t vocab_tokens) const;
  /// Velocity as target and no signal left at the last step (Lin et al. 2023, arXiv 2305.08891): dark and light pictures
  /// begin from the same noise.
  diffusion::SchedulerConfig scheduler() const;
};

/// DATA: a picture set with the splits train and validation (data/picture_sets.h). A picture without a text of its own gets a
/// caption made of its class and of what is measured in it. Writes a Stable Diffusion directory with vitrine.json, train.jsonl and run.html. The same
/// command goes on with a run that was stopped. Returns false when the run was stopped by its own limits, with its state saved.
/// Throws, before pictures are read: UsageError for sides that the VAE cannot take, InvalidInput for an `init` of another VAE or of other shapes, what
/// find_model, open_stable_diffusion and load_vae_weights throw.
bool train_base(const std::filesystem::path& data, const std::string& output, const TrainBaseConfig& config, const std::string& device);

}  // namespace vitrine::recipes
