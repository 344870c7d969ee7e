// recipes/tune_pictures_config.h - the settings that every way of tuning a Stable Diffusion model has, and those of each.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "recipes/reward_config.h"
#include "train/contrast_config.h"
#include "train/diffusion_loss_config.h"
#include "train/drift_config.h"
#include "train/step_train_config.h"

namespace vitrine::recipes {

struct TunePicturesConfig {
  std::string model;
  int64_t width = 0;
  int64_t height = 0;
  int64_t shifts = 1;
  std::string language = "zh";
  std::string licence;
  double balance = 0;
  std::vector<std::string> sample_prompts;
  int64_t sample_steps = 20;
  double sample_guidance_scale = 5;
  std::string save_dtype = "bfloat16";
  train::DiffusionLossConfig loss;
  train::StepTrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("model", model, "Stable Diffusion model that is tuned: a directory or a name in models/; for lora and textual-inversion also a single file");
    v.field("width", width, "pictures are cut to this width, pixels; 0 = the model's own size", 0, 4096);
    v.field("height", height, "and this height", 0, 4096);
    v.field("shifts", shifts, "ways to cut each picture a little larger, each also mirrored", 1, 64);
    v.field("language", language, "of captions that are made", {"en", "zh", "both"});
    v.field("licence", licence, "licence of the pictures, where the set does not say it; kept in the model");
    v.field("balance", balance, "0: pictures are drawn alike; 1: classes and colours are; between: the root of that", 0, 1);
    v.field("sample_prompts", sample_prompts, "prompts of the pictures on the run's page; default: some of the captions");
    v.field("sample_steps", sample_steps, "denoising steps of these pictures; 0 = no pictures", 0, 1000);
    v.field("sample_guidance_scale", sample_guidance_scale, "their guidance", 1, 100);
    v.field("save_dtype", save_dtype, "type of the stored weights", {"bfloat16", "float32"});
    loss.describe(v);
    train.describe(v);
  }
};

/// What a text encoder in training must stay like.
struct TextDriftConfig {
  std::vector<std::string> prompts;
  std::string base;
  train::DriftConfig drift;

  void describe(FieldVisitor& v) {
    v.field("drift_prompts", prompts, "general prompts whose states must stay near; default: rules/pictures/general_prompts.txt");
    v.field("drift_base", base, "Stable Diffusion model whose states these are; default: the model that is tuned");
    drift.describe(v);
  }
};

/// The models that pictures are compared and judged with.
struct PictureJudgesConfig {
  std::string clip;
  std::string probe;

  void describe(FieldVisitor& v) {
    v.field("clip", clip, "CLIP directory: objective contrastive learns from its picture side, reward from its CLIPScore");
    v.field("probe", probe, "classifier of train probe: objective reward counts the class and the garment's colour");
  }
};

/// The main way: the text encoder learns, UNet and VAE stay as they are.
struct TrainTextEncoderConfig {
  TunePicturesConfig common;
  std::string objective = "diffusion";
  int64_t new_tokens = 0;
  TextDriftConfig drift;
  PictureJudgesConfig judges;
  train::CaptionContrastConfig contrast;
  RewardConfig reward;

  void describe(FieldVisitor& v) {
    common.describe(v);
    v.field("objective", objective, "what it learns by: the noise in pictures, which caption belongs to which picture, or the best of the model's own pictures",
            {"diffusion", "contrastive", "reward"});
    v.field("new_tokens", new_tokens, "tokens that the vocabulary gets for the captions, behind the old ones (CLIP's kind of text encoder)", 0, 100000);
    drift.describe(v);
    judges.describe(v);
    contrast.describe(v);
    reward.describe(v);
  }
  bool is_contrastive() const { return objective == "contrastive"; }
  bool is_reward() const { return objective == "reward"; }
  /// Throws InvalidInput, naming the field; UsageError, naming the option, for judges that do not go with the objective and a model in a single
  /// file; what read_clip_config and read_probe_config throw.
  void validate() const;
};

/// Low-rank adapters of UNet and text encoder.
struct TrainLoraConfig {
  TunePicturesConfig common;
  std::string parts = "unet";
  int64_t rank = 8;
  double alpha = 8;
  std::vector<std::string> unet_modules = {"to_q", "to_k", "to_v", "to_out.0"};
  std::vector<std::string> text_modules = {"q_proj", "k_proj", "v_proj", "out_proj"};
  std::string dialect = "diffusers";

  void describe(FieldVisitor& v) {
    common.describe(v);
    v.field("parts", parts, "what gets adapters", {"unet", "text-encoder", "both"});
    v.field("rank", rank, "rank of each adapter", 1, 1024);
    v.field("alpha", alpha, "strength: an adapter counts alpha / rank", 0.001, 10000);
    v.field("unet_modules", unet_modules, "modules of the UNet by the ends of their names");
    v.field("text_modules", text_modules, "modules of the text encoder");
    v.field("dialect", dialect, "names in the saved file", {"kohya", "diffusers", "peft"});
  }
  void validate() const;
};

/// UNet and text encoder learn one thing from few pictures, and its class is kept by the model's own pictures of it.
struct TrainDreamboothConfig {
  TunePicturesConfig common;
  std::string instance_prompt;
  std::string class_prompt;
  int64_t class_pictures = 50;
  double prior_weight = 1;
  bool train_text_encoder = true;

  void describe(FieldVisitor& v) {
    common.describe(v);
    v.field("instance_prompt", instance_prompt, "what the pictures show, with a rare word for the thing itself: a sks dress");
    v.field("class_prompt", class_prompt, "its class: a dress");
    v.field("class_pictures", class_pictures, "pictures of the class that the model draws before; 0 = no prior preservation", 0, 100000);
    v.field("prior_weight", prior_weight, "weight of their loss", 0, 100);
    v.field("train_text_encoder", train_text_encoder, "the text encoder learns too");
  }
  /// As TrainTextEncoderConfig::validate.
  void validate() const;
};

/// New rows of the vocabulary learn to stand for one thing.
struct TrainTextualInversionConfig {
  TunePicturesConfig common;
  std::string placeholder_token;
  std::string initializer_token;
  int64_t num_vectors = 1;

  void describe(FieldVisitor& v) {
    common.describe(v);
    v.field("placeholder_token", placeholder_token, "the new word, such as <my-dress>");
    v.field("initializer_token", initializer_token, "a known word whose rows the new ones begin as");
    v.field("num_vectors", num_vectors, "rows that the word stands for", 1, 64);
  }
  void validate() const;
};

}  // namespace vitrine::recipes
