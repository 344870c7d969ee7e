// recipes/picture_drawer.h - prompts in, pictures out: a Stable Diffusion model with all settings of
// `draw`.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "imagery/captions.h"
#include "recipes/draw_config.h"
#include "recipes/resample.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// What the pictures begin with beside the prompt; files, empty = none.
struct DrawMaterial {
  std::string image;    // cut to the size of the pictures
  std::string mask;     // of the image and of its size: white = to be painted anew
  std::string latents;  // safetensors: `latents` [n, C, h, w], noise of unit variance
};

/// What is told while pictures are drawn; each may be empty.
struct DrawWatch {
  std::function<void()> on_step;                          // after each denoising step of a batch
  std::function<void(const io::Picture&)> on_preview = {};  // a small grid of a batch, a few times on its way
};

/// Not thread-safe.
class PictureDrawer {
 public:
  /// Opens and checks everything before the weights are loaded: sizes, material, adapters, memory.
  ///   dtype   "float32" or "bfloat16": of UNet and VAE; the text encoder is float32
  ///   device  "cpu", "cuda:0"
  /// Throws what DrawConfig::validate, open_stable_diffusion and load_picture_tokenizer throw;
  /// NotFound for a model or file; UsageError for use_karras_sigmas where the model's own scheduler
  /// has none; InvalidInput for sizes, material (a mask has the image's size) and adapters that do
  /// not fit, and when there is not enough memory on the CPU, with what would need less.
  PictureDrawer(const DrawConfig& config, const DrawMaterial& material, const std::string& dtype,
                const std::string& device);
  ~PictureDrawer();

  /// Whether a drawer of one can take on the other: all but the model, its adapters and the material.
  static bool same_weights(const DrawConfig& a, const DrawConfig& b);
  /// Draws with other settings from now on; what is loaded stays. Throws as the constructor does; the
  /// drawer is of no use then.
  /// REQUIRES: same_weights, no material.
  void change(const DrawConfig& config);

  int64_t width() const;   // pixels
  int64_t height() const;  // pixels
  /// Denoising steps of so many pictures of a prompt, for progress.
  int64_t num_steps(int64_t pictures) const;
  /// What products' prompts are written in.
  imagery::Language language() const;
  const text::Tokenizer& tokenizer() const;
  int64_t max_tokens() const;

  /// What a picture depends on beside prompt, seed and index, by the names of
  /// docs/formats/picture_metadata.md: model, sampler, steps, cfg, size, negative, …
  const Json& record() const;
  /// ProduceIDs of the labels in the image that pictures begin with.
  const std::vector<std::string>& parents() const;

  /// A picture depends on model, settings, prompt and its seed alone, and to the last bit on
  /// batch_size too, as a network may add up larger batches in another order.
  ///   seeds         one for each picture; given latents are those of its index
  ///   keep_latents  the pictures come with their latents
  /// Throws Cancelled between two steps when the user asked to stop.
  std::vector<DrawnPicture> draw(const std::string& prompt, std::span<const PictureSeed> seeds,
                                 bool keep_latents, const DrawWatch& watch);

  /// A safetensors file with the latents of all pictures, in their order. Throws IoError.
  void save_latents(const std::string& file, const std::string& prompt,
                    std::span<const Resampled> pictures) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitrine::recipes
