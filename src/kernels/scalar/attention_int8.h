// kernels/scalar/attention_int8.h - the parts of attention_int8 that are not worth an instruction
// set of their own.
//
// Declarations only: files compiled for one instruction set include this.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/table.h"

namespace vitrine::kernels::scalar {

struct RoundedQuery {
  float scale;  // q[d] = scale * steps[d]; NaN when q holds NaN or infinity
  int32_t sum;  // of the steps
};

/// steps: room for HS / 4 up * 4; the rest is 0.
RoundedQuery round_query(const float* q, size_t head_size, int16_t* steps) noexcept;

/// Multiplies the probabilities in task.scores (`total`) by their tokens' value scales and rounds
/// them, in place, to uint8_t [total / 4 up][2][4]: steps / 128 of 4 tokens, then steps % 128;
/// beyond the last token 0. Returns what a step is worth; NaN when a value scale is NaN or
/// infinite.
float round_weights(const AttentionTask& task, size_t total) noexcept;

}  // namespace vitrine::kernels::scalar
