// models/picture_flops.h - the work of one pass of a picture model's parts, for shares of a machine's limit.
//
// Counted are the products: convolutions, linear layers, attention scores and values; a multiplication and an addition are two
// operations. Norms and activations are left out, so that a share of the limit is a little too low, never too high.
#pragma once
#include <cstdint>

#include "models/clip/config.h"
#include "models/unet/config.h"
#include "models/vae/config.h"

namespace vitrine::models {

/// latents [B, C, h, w], states [B, tokens, cross_attention_dim]. Keys and values of the text count, which a run computes once.
double unet_flops(const UNetConfig& config, int64_t B, int64_t h, int64_t w, int64_t tokens);

/// latents [B, C, h, w] to pictures.
double vae_decode_flops(const VaeConfig& config, int64_t B, int64_t h, int64_t w);

/// input_ids [B, T] to states.
double text_flops(const ClipTextConfig& config, int64_t B, int64_t T);

}  // namespace vitrine::models
