// models/dropout_places.h - which key each dropout of a transformer uses.
#pragma once
#include "base/random.h"
#include "models/trainable.h"
#include "nn/dropout.h"

namespace vitrine::models {

enum class DropoutPlace : uint64_t { embedding, attention, attention_output, mlp_output };

inline nn::Dropout dropout_at(const PassConfig& pass, int64_t layer_idx, DropoutPlace place) {
  const double p = place == DropoutPlace::embedding   ? pass.embd_pdrop
                   : place == DropoutPlace::attention ? pass.attn_pdrop
                                                      : pass.resid_pdrop;
  const uint64_t where = static_cast<uint64_t>(layer_idx) * 8 + static_cast<uint64_t>(place);
  return {mix64(pass.dropout_key ^ mix64(where)), p};
}

}  // namespace vitrine::models
