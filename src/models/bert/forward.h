// models/bert/forward.h - BERT's encoder in plain ATen, differentiable by autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include "models/bert/config.h"
#include "models/trainable.h"

namespace vitrine::models {

/// Last hidden states [T, C] float32 of the tokens of all documents.
at::Tensor bert_hidden_states(const BertConfig& config, const nn::ParameterStore& parameters,
                              const nn::PackedBatch& batch, const PassConfig& pass);

/// x @ weight^T + bias, computed in `dtype`.  x [T, K], weight [N, K], bias [N]
at::Tensor bert_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       at::ScalarType dtype);

}  // namespace vitrine::models
