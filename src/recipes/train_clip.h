// recipes/train_clip.h - a CLIP from scratch or tuned: which caption belongs to which picture.
#pragma once
#include <filesystem>
#include <string>

#include "models/clip/config.h"
#include "train/step_train_config.h"

namespace vitrine::recipes {

struct TrainClipConfig {
  std::string init;
  std::string language = "both";
  std::string licence;
  double balance = 0.5;
  int64_t image_size = 128;
  int64_t patch_size = 16;
  int64_t vision_width = 192;
  int64_t vision_layers = 6;
  int64_t text_width = 192;
  int64_t text_layers = 3;
  int64_t text_positions = 32;
  int64_t vocab_size = 900;
  int64_t attention_head_size = 64;
  int64_t projection_dim = 128;
  std::string save_dtype = "bfloat16";
  train::StepTrainConfig train;

  void describe(FieldVisitor& v) {
    v.field("init", init, "CLIP directory to go on from, with its tokenizer; empty = from scratch, by the sizes below");
    v.field("language", language, "of captions that are made", {"en", "zh", "both"});
    v.field("licence", licence, "licence of the pictures, where the set does not say it; kept in the model");
    v.field("balance", balance, "0: pictures are drawn alike; 1: classes and colours are; between: the root of that", 0, 1);
    v.field("image_size", image_size, "pictures are stretched to this side, pixels", 16, 1024);
    v.field("patch_size", patch_size, "side of a patch", 2, 128);
    v.field("vision_width", vision_width, "width of the picture side", 16, 4096);
    v.field("vision_layers", vision_layers, "its layers", 1, 64);
    v.field("text_width", text_width, "width of the text side", 16, 4096);
    v.field("text_layers", text_layers, "its layers", 1, 64);
    v.field("text_positions", text_positions, "tokens of a text, start and end included", 8, 512);
    v.field("vocab_size", vocab_size, "tokens that are learned from the captions", 520, 100000);
    v.field("attention_head_size", attention_head_size, "channels of an attention head", 8, 512);
    v.field("projection_dim", projection_dim, "numbers of a feature", 8, 4096);
    v.field("save_dtype", save_dtype, "type of the stored weights", {"bfloat16", "float32"});
    train.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
  models::ClipConfig model(int64_t vocab_tokens) const;
};

/// DATA: a picture set with the splits train and validation. Writes a CLIP directory that transformers reads, with vitrine.json,
/// train.jsonl and run.html. The same command goes on with a run that was stopped. Returns false when the run was stopped by its
/// own limits, with its state saved.
bool train_clip(const std::filesystem::path& data, const std::string& output, const TrainClipConfig& config, const std::string& device);

}  // namespace vitrine::recipes
