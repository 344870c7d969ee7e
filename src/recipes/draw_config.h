// recipes/draw_config.h - the settings of `draw`, named as in the diffusers library where it has them.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "imagery/colour_names.h"

namespace vitrine::recipes {

/// The embedded picture model.
inline constexpr const char* kEmbeddedPictureModel = "sd-mini";

struct DrawConfig {
  std::string model = kEmbeddedPictureModel;
  std::string negative_prompt;
  int num_images_per_prompt = 4;
  int64_t width = 0, height = 0;
  int64_t num_inference_steps = 20;
  double guidance_scale = 0;
  std::string scheduler;
  bool use_karras_sigmas = false;
  double strength = 0.6;
  std::string language = "auto";
  std::string background = "none";
  std::vector<std::string> lora;
  int64_t batch_size = 1;
  std::string vae_tiling = "auto";
  int64_t seed = 0;

  void describe(FieldVisitor& v) {
    v.field("model", model,
            "Stable Diffusion model: a folder of diffusers, a single file, or a name in models/");
    v.field("negative_prompt", negative_prompt,
            "what the pictures shall not show; without effect at a guidance_scale up to 1");
    v.field("num_images_per_prompt", num_images_per_prompt, "pictures of each prompt (-n)", 1,
            10000);
    v.field("width", width, "pixels, a multiple of 8; 0 = the model's own size", 0, 8192);
    v.field("height", height, "pixels, a multiple of 8; 0 = the model's own size", 0, 8192);
    v.field("num_inference_steps", num_inference_steps, "denoising steps", 1, 1000);
    v.field("guidance_scale", guidance_scale,
            "how far past the prompt, away from the negative one; 1 = off; 0 = the model's own, or 7.5", 0, 100);
    v.field("scheduler", scheduler,
            "ddim | pndm | euler | euler_a | dpmpp_2m | lcm; empty = the model's own",
            {"", "ddim", "pndm", "euler", "euler_a", "dpmpp_2m", "lcm"});
    v.field("use_karras_sigmas", use_karras_sigmas,
            "noise levels of Karras et al. for euler and dpmpp_2m, also where the model does not say so");
    v.field("strength", strength, "of --image: share of the steps that it goes through; 1 = all",
            0.001, 1);
    v.field("language", language,
            "of prompts that are made of products; auto = what the model was trained on",
            {"auto", "zh", "en"});
    v.field("background", background,
            "of products, which seldom say one: a colour (white, 浅灰), or none = leave it to the model");
    v.field("lora", lora, "adapters: FILE or FILE:weight, separated by commas");
    v.field("batch_size", batch_size,
            "pictures that are computed at once: more memory, on a GPU less time", 1, 256);
    v.field("vae_tiling", vae_tiling,
            "decode large pictures in tiles with blended seams; auto = from a side of more than two tiles",
            {"auto", "on", "off"});
    v.field("seed", seed, "seed of all random choices", 0);
  }
  /// Throws InvalidInput for a value that its field does not take; UsageError, naming the option, its value and what is expected,
  /// for a size too small for a label, --use-karras-sigmas with another scheduler, and what the two functions below refuse.
  void validate() const;
};

/// Of products' pictures, in the words of captions; "none" = nothing. Throws UsageError for a word that is no colour.
std::optional<imagery::ColourName> background_colour(const DrawConfig& config);

/// An adapter as --lora names it.
struct NamedLora {
  std::string path;
  double weight = 1;
};
/// FILE or FILE:weight. Throws UsageError for a weight that is no number.
NamedLora parse_lora(const std::string& text);

}  // namespace vitrine::recipes
