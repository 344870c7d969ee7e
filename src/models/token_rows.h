// models/token_rows.h - what text encoders ask of a batch of token rows.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string_view>

namespace vitrine::models {

/// Throws InvalidInput, naming `caller` and the value: input_ids not [B, T] int64 with 1 <= T <= max_tokens, is_token
/// (when defined) not [B, T] bool, skip_layers not 0 .. num_layers - 1.
void check_token_rows(std::string_view caller, const at::Tensor& input_ids, const at::Tensor& is_token, int64_t max_tokens,
                      int64_t num_layers, int64_t skip_layers);

}  // namespace vitrine::models
