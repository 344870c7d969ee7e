// models/clip/parameters.h - first values of CLIP's parameters: read, with rows for new tokens, or random.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "base/random.h"
#include "models/clip/weights.h"
#include "models/new_tokens.h"

namespace vitrine::models {

/// The tensor on the CPU in its stored type, linear weights [out, in]. Throws NotFound.
at::Tensor read_clip_tensor(const ClipWeights& weights, const std::string& name);

/// `config` with as many more tokens. An eos_token_id of 2 ("the highest id") becomes that id itself, as ids above
/// it are to come; old configs mean the two last tokens by their bos and eos.
TextConfig with_new_tokens(TextConfig config, int64_t count);

/// A vocabulary matrix with rows for new tokens, [V + new, C] float32. Throws what fill_new_rows throws.
at::Tensor read_vocabulary(const ClipWeights& weights, const std::string& name, const NewTokens& new_tokens);

/// Random first value of a parameter, float32 on the CPU. Normal, with the deviation OpenAI's CLIP begins with (tokens
/// 0.02, positions 0.01, projections by width and depth); BERT's 0.02; norms 1, biases 0.
///   width, num_layers  of the side it belongs to
at::Tensor initial_clip_value(const WeightSpec& spec, int64_t width, int64_t num_layers, RandomKey key);

}  // namespace vitrine::models
