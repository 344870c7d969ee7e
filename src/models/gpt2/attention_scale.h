// models/gpt2/attention_scale.h - the scale of attention.
#pragma once
#include <cmath>

#include "models/gpt2/module.h"

namespace vitrine::models {

/// The factor on q k^T of a layer.
inline double attention_scale(const Gpt2Config& config, int64_t layer_idx) {
  double scale = 1;
  if (config.scale_attn_weights) scale /= std::sqrt(static_cast<double>(config.n_embd / config.n_head));
  if (config.scale_attn_by_inverse_layer_idx) scale /= static_cast<double>(layer_idx + 1);
  return scale;
}

}  // namespace vitrine::models
