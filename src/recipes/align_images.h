// recipes/align_images.h - rounds in which a Stable Diffusion model draws, judges draw the best of it apart, and its text encoder learns from that.
//
// A round is `train text-encoder --objective reward` from the model of the round before. What is finished lies in OUTPUT.run while the rounds go
// on; the same command after an interruption goes on behind it. At the end it becomes OUTPUT:
//   round-1/, round-2/ …       Stable Diffusion directories; UNet and VAE are the base's, byte for byte
//   report.json, report.html   rewards of held-out prompts before and after each round, drift, pictures
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "recipes/align_stages.h"
#include "recipes/tune_pictures_config.h"

namespace vitrine::recipes {

struct AlignImagesConfig {
  int rounds = 2;
  int64_t held_out_pictures = 2;
  int64_t resamples = 1000;
  TunePicturesConfig common;
  TextDriftConfig drift;
  PictureJudgesConfig judges;
  RewardConfig reward;

  void describe(FieldVisitor& v) {
    v.field("rounds", rounds, "rounds of drawing, judging and tuning", 1, kMostRounds);
    v.field("held_out_pictures", held_out_pictures, "pictures of each held-out prompt that the models are compared by", 1, 1000);
    v.field("resamples", resamples, "of the bootstrap over held-out prompts", 10, 100000);
    common.describe(v);
    drift.describe(v);
    judges.describe(v);
    reward.describe(v);
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
  /// The tuning of round r >= 1, from the model at `model`. Each round draws other prompts and noise; drift is that from the first model.
  TrainTextEncoderConfig round(int r, const std::string& model) const;
};

/// DATA as train_text_encoder takes it. Throws what that throws, and Error when the drift guard ends a round: the rounds so far stay in the
/// working folder.
void align_images(const std::filesystem::path& data, const std::string& output, const AlignImagesConfig& config, const std::string& device);

}  // namespace vitrine::recipes
