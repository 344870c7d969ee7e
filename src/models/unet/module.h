// models/unet/module.h - the noise prediction of Stable Diffusion's UNet, over any source of tensors.
//
// Rombach et al. 2022 (arXiv 2112.10752); blocks and names as in diffusers' UNet2DConditionModel.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>

#include "models/unet/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// Keys and values of the text, by the name of their cross-attention: they are the same in every denoising step.
struct ContextEntry {
  at::Tensor keys, values;  // [B, S, C of the level]
};
using ContextCache = std::unordered_map<std::string, ContextEntry>;

struct UNetPass {
  /// Filled in the first call and read in the next ones; only without gradient, and for one encoder_hidden_states.
  ContextCache* context_cache = nullptr;
  /// Recomputes each block in the backward pass instead of keeping what is inside: less memory, about a third more time.
  bool gradient_checkpointing = false;
  at::Tensor timestep_cond = {};  // [B, time_cond_proj_dim]: the guidance embedding of LCM; undefined = none
};

/// What the network predicts (noise, velocity or picture, by its training).
///   latents                [B, in_channels, h, w]; any memory format, channels-last is fastest
///   timesteps              [B], any type, 0 to 1000
///   encoder_hidden_states  [B, S, cross_attention_dim]
/// Returns [B, out_channels, h, w] in the type of the tensors of `scope`.
/// Throws InvalidInput when shapes do not fit the config.
at::Tensor unet_forward(const UNetConfig& config, const nn::TensorScope& scope, const at::Tensor& latents, const at::Tensor& timesteps,
                        const at::Tensor& encoder_hidden_states, const UNetPass& pass = {});

/// Sinusoids of `width` numbers for each timestep, float32.  timesteps [B] -> [B, width]
/// Source: diffusers' get_timestep_embedding (Ho et al. 2020, arXiv 2006.11239).
at::Tensor timestep_embedding(const at::Tensor& timesteps, int64_t width, bool flip_sin_to_cos, double freq_shift);

}  // namespace vitrine::models
