// models/clip/module.h - CLIP and Chinese-CLIP, frozen for scores or in training.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/random.h"
#include "models/clip/config.h"
#include "models/model_tensors.h"
#include "models/new_tokens.h"

namespace vitrine::models {

/// Tensors have the names of transformers, which are also those it saves.
class ClipModel {
 public:
  /// Reads a directory in any layout that clip_tensor_parts knows.
  ///   new_tokens  tokens added behind the text side's vocabulary, with their first rows
  /// Throws what read_clip_config, load_clip_weights and fill_new_rows throw.
  static ClipModel load(const std::filesystem::path& model_dir, const TensorUse& use = {}, const NewTokens& new_tokens = {});
  /// Random first values. Throws InvalidInput for a config that is not valid.
  static ClipModel random(const ClipConfig& config, RandomKey key, const TensorUse& use);

  /// Writes config.json and model.safetensors, which old and new transformers read. The folder is made when needed.
  void save(const std::filesystem::path& model_dir, ComputeType dtype, const std::map<std::string, std::string>& metadata) const;

  /// [B, E], not normalised, in the type of the computation. See clip_text_features and clip_image_features.
  at::Tensor text_features(const at::Tensor& input_ids, const at::Tensor& is_token = {}) const;
  at::Tensor image_features(const at::Tensor& pixels) const;
  /// The logarithm of the factor on cosines, a number in float32; a leaf of autograd in a trained model.
  at::Tensor logit_scale() const;

  const ClipConfig& config() const { return config_; }
  ModelTensors& tensors() { return tensors_; }
  const ModelTensors& tensors() const { return tensors_; }

 private:
  ClipModel(ClipConfig config, ModelTensors tensors) : config_(std::move(config)), tensors_(std::move(tensors)) {}

  ClipConfig config_;
  ModelTensors tensors_;
};

}  // namespace vitrine::models
