// models/gpt2/plain_forward.h - GPT-2 in plain ATen, differentiable by autograd: the truth that the
// fused path is compared with, and the path on devices other than the CPU.
#pragma once
#include "models/gpt2/module.h"

namespace vitrine::models {

/// Last hidden states after ln_f, [T, C].
at::Tensor plain_hidden_states(const Gpt2Config& config, const nn::ParameterStore& parameters,
                               const nn::PackedBatch& batch, const PassConfig& pass);

/// hidden_states [N, C] -> logits [N, V] in the compute type.
at::Tensor plain_lm_head(const Gpt2Config& config, const nn::ParameterStore& parameters,
                         const at::Tensor& hidden_states, const PassConfig& pass);

}  // namespace vitrine::models
