// recipes/evaluate_images.h - pictures of models beside each other: do they show what was asked for, and how like are they to real ones.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "recipes/picture_prompts.h"

namespace vitrine::recipes {

struct EvaluateImagesConfig {
  std::vector<std::string> model;
  std::string probe;
  std::string clip;
  std::string judge;
  std::string language = "zh";
  std::vector<std::string> colours = kAskedColours;
  int64_t pictures = 2;
  int attempts = 3;
  int64_t width = 0;
  int64_t height = 0;
  std::string scheduler = "ddim";
  int64_t num_inference_steps = 25;
  double guidance_scale = 3;
  int64_t seed = 0;
  int64_t resamples = 1000;
  std::string dtype = "auto";

  void describe(FieldVisitor& v) {
    v.field("model", model, "Stable Diffusion directories to compare, each DIR, NAME=DIR or NAME=DIR+LORA; the first is the base");
    v.field("probe", probe, "classifier of train probe: judges the category, and gives the features of KID and spread");
    v.field("clip", clip, "CLIP for the CLIPScore and retrieval; empty = none");
    v.field("judge", judge, "a second CLIP, used in neither filtering nor training; empty = none");
    v.field("language", language, "of the prompts", {"en", "zh"});
    v.field("colours", colours, "colours that each class is asked for in, by their English names");
    v.field("pictures", pictures, "pictures of each class and colour", 1, 10000);
    v.field("attempts", attempts, "for availability_after: pictures that the inspection refuses are drawn anew, at most so often in all; all else is of first attempts", 1, 1000);
    v.field("width", width, "pixels; 0 = that of the probe's real pictures rounded to the model's step", 0, 4096);
    v.field("height", height, "pixels; 0 = likewise", 0, 4096);
    v.field("scheduler", scheduler, "noise scheduler", {"ddim", "pndm", "euler", "euler_a", "dpmpp_2m"});
    v.field("num_inference_steps", num_inference_steps, "denoising steps", 1, 1000);
    v.field("guidance_scale", guidance_scale, "weight of the prompt", 1, 100);
    v.field("seed", seed, "of the noise; picture i of a prompt has the same noise in every model");
    v.field("resamples", resamples, "of the bootstrap over prompts", 10, 100000);
    v.field("dtype", dtype, "compute type", {"auto", "float32", "bfloat16"});
  }
  /// Throws InvalidInput, naming the field.
  void validate() const;
};

/// SET: class folders with validation/<class>/, the real pictures; they give the classes, the probe's own accuracy and the other
/// side of KID. Of each model: attributes, CLIPScore, KID, spread, R@k of its own pictures by the CLIP, and the likeness of its text states to those of
/// the first on general prompts. Writes metrics.json and report.html (with grids) into the folder `output`.
/// Throws what the loaders throw; InvalidInput for a class that the probe does not know.
void evaluate_images(const std::filesystem::path& set, const std::string& output, const EvaluateImagesConfig& config, const std::string& device);

}  // namespace vitrine::recipes
