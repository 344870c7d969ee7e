// models/text_encoder.h - what turns the token ids of a prompt into the states a picture model attends to.
//
// Two kinds behind one class: CLIP's text side (Stable Diffusion) and BERT (Chinese Stable Diffusion).
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/random.h"
#include "models/clip/config.h"
#include "models/clip/weights.h"
#include "models/model_tensors.h"
#include "models/new_tokens.h"

namespace vitrine::models {

/// Settings of one pass.
struct TextPass {
  at::Tensor is_token = {};                  // [B, T] bool, false at padding; undefined = all, as diffusers has it
  int64_t skip_layers = 0;                   // layers left out at the end
  const nn::TensorSource* source = nullptr;  // instead of the model's own tensors: adapted ones, under the same names
};

/// A projection of the states that stand for captions into the feature space of a CLIP. It learns beside the encoder and is no part
/// of what save writes.
struct TextHead {
  int64_t projection_dim = 0;  // E; 0 = none
  double logit_scale = 0;      // first logarithm of the factor on cosines
};

/// Names of its tensors: "text_model.…" of CLIP, those of bert_weight_specs of BERT; what it saves has the same names.
class TextEncoder {
 public:
  /// Reads `text_encoder/` of a Stable Diffusion directory, or the text side of a CLIP or Chinese-CLIP directory.
  ///   new_tokens  tokens added behind the vocabulary, with their first rows
  /// Throws what read_text_config, load_text_weights and fill_new_rows throw.
  static TextEncoder load(const std::filesystem::path& encoder_dir, const TensorUse& use = {}, const NewTokens& new_tokens = {});
  /// Of tensors already matched, such as those of a single file.
  /// The projection of a head begins as 0.
  TextEncoder(const TextConfig& config, const ClipWeights& weights, const TensorUse& use = {}, const NewTokens& new_tokens = {},
              const TextHead& head = {});
  /// Random first values. Throws InvalidInput for a config that is not valid.
  static TextEncoder random(const TextConfig& config, RandomKey key, const TensorUse& use);

  /// Writes config.json and model.safetensors, which old and new transformers read. The folder is made when needed.
  void save(const std::filesystem::path& encoder_dir, ComputeType dtype, const std::map<std::string, std::string>& metadata) const;

  /// Last hidden states [B, T, C] in the type of the computation.
  ///   input_ids  [B, T] int64 on the device of the model, 0 .. vocab_size() - 1, T <= max_tokens()
  /// Throws InvalidInput for shapes that do not fit (ids are not read).
  at::Tensor states(const at::Tensor& input_ids, const TextPass& pass = {}) const;

  /// States that stand for the captions of token rows [B, T]: [B, C].
  at::Tensor caption_states(const at::Tensor& input_ids) const;
  /// The same, projected: [B, E], not normalised. These three are of an encoder with a head; others throw NotFound.
  at::Tensor caption_features(const at::Tensor& input_ids) const;
  at::Tensor logit_scale() const;
  /// [E, C] float32 without gradient, to be written to before training (then weights_changed).
  at::Tensor projection() const { return tensors_.value(kTextProjection); }

  static constexpr const char* kTextProjection = "text_projection.weight";
  static constexpr const char* kLogitScale = "logit_scale";

  const TextConfig& config() const { return config_; }
  int64_t max_tokens() const { return max_tokens_of(config_); }
  int64_t width() const { return width_of(config_); }  // C
  int64_t vocab_size() const { return vocab_size_of(config_); }
  ModelTensors& tensors() { return tensors_; }
  const ModelTensors& tensors() const { return tensors_; }

 private:
  TextEncoder(TextConfig config, ModelTensors tensors) : config_(std::move(config)), tensors_(std::move(tensors)) {}

  TextConfig config_;
  ModelTensors tensors_;
};

}  // namespace vitrine::models
