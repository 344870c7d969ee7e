// models/gpt2/weights.h - which tensors a GPT-2 checkpoint holds, and how they are found in a directory.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/gpt2/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// wte, wpe, the layers, ln_f and, when the embeddings are not tied, lm_head.weight.
/// Linear weights are [in, out].
std::vector<WeightSpec> gpt2_weight_specs(const Gpt2Config& config);

/// The name in a file that transformers writes: "transformer." before all but lm_head and score.
std::string gpt2_checkpoint_name(std::string_view name);

/// wte.weight may have more rows than vocab_size (padding, see load_gpt2_weights).
using Gpt2Weights = Weights;

/// Finds every tensor of gpt2_weight_specs and of `extra` (such as score.weight [1, C] of a ranker).
/// Names may carry the prefix "transformer."; the buffers h.N.attn.bias and h.N.attn.masked_bias are ignored;
/// lm_head.weight of a tied model must be absent or equal to wte.weight.
/// wte.weight may have up to 127 rows more than vocab_size when their number is a multiple of 8 (padding, a warning).
/// Throws what open_checkpoint throws; InvalidInput listing all missing, unexpected and misshapen tensors (the first
/// 50); Corrupt (WGT_NONFINITE) for a value that is not finite.
/// known_finite: the values have been checked before and are not read.
Gpt2Weights load_gpt2_weights(const std::filesystem::path& model_dir, const Gpt2Config& config,
                              std::span<const WeightSpec> extra = {}, bool known_finite = false);

}  // namespace vitrine::models
