// models/clip/forward.h - the passes of CLIP's two sides over a scope: frozen, trained or adapted weights.
//
// Radford et al. 2021 (arXiv 2103.00020); results equal those of the transformers library (CLIPModel, CLIPTextModel,
// ChineseCLIPModel). Results have the type of the weights.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/clip/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// Hidden states [B, T, C] behind the final layer norm.
///   scope        what lies in text_model.
///   input_ids    [B, T] int64, 0 .. vocab_size - 1; a token sees those before it only
///   is_token     [B, T] bool, false at padding; undefined = all are tokens (as Stable Diffusion has it)
///   skip_layers  layers left out at the end ("clip skip" of diffusers; that of A1111 is one more)
/// Throws InvalidInput for shapes and sizes that do not fit (ids are not read).
at::Tensor clip_text_states(const ClipTextConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                            const at::Tensor& is_token = {}, int64_t skip_layers = 0);

/// The same of either kind of text side; a BERT has no final norm.
at::Tensor text_states(const TextConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                       const at::Tensor& is_token = {}, int64_t skip_layers = 0);

/// The state that stands for each text, [B, C], of states [B, T, C] and their input_ids [B, T].
/// CLIP: the state at the first eos_token_id of each row (position 0 where there is none), or at the highest id when
/// eos_token_id is 2, as older files have it; BERT: the state at position 0, [CLS].
at::Tensor caption_states(const TextConfig& config, const at::Tensor& states, const at::Tensor& input_ids);

/// Text features [B, E] of those, not normalised.  scope: the whole model
at::Tensor clip_text_features(const ClipConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                              const at::Tensor& is_token = {});

/// Picture features [B, E], not normalised.  scope: the whole model
///   pixels  [B, 3, image_size, image_size], any floating type: (value / 255 - mean) / std of models/clip/preprocess.h
/// Throws InvalidInput for another shape.
at::Tensor clip_image_features(const ClipConfig& config, const nn::TensorScope& scope, const at::Tensor& pixels);

}  // namespace vitrine::models
