// models/gpt2/dropout_places.h - which key each dropout of GPT-2 uses, and the scale of attention.
#pragma once
#include <cmath>

#include "base/random.h"
#include "models/gpt2/module.h"
#include "nn/dropout.h"

namespace vitrine::models {

enum class DropoutPlace : uint64_t { embedding, attention, attention_output, mlp_output };

inline nn::Dropout dropout_at(const Gpt2PassConfig& pass, int64_t layer_idx, DropoutPlace place) {
  const double p = place == DropoutPlace::embedding   ? pass.embd_pdrop
                   : place == DropoutPlace::attention ? pass.attn_pdrop
                                                      : pass.resid_pdrop;
  return {mix64(pass.dropout_key ^ mix64(static_cast<uint64_t>(layer_idx) * 8 + static_cast<uint64_t>(place))), p};
}

/// The factor on q k^T of a layer.
inline double attention_scale(const Gpt2Config& config, int64_t layer_idx) {
  double scale = 1;
  if (config.scale_attn_weights) scale /= std::sqrt(static_cast<double>(config.n_embd / config.n_head));
  if (config.scale_attn_by_inverse_layer_idx) scale /= static_cast<double>(layer_idx + 1);
  return scale;
}

}  // namespace vitrine::models
