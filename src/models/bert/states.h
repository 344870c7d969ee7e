// models/bert/states.h - BERT's encoder on a batch of equally long rows, over a scope: frozen, trained or adapted.
//
// models/bert/forward.h is the same network on packed documents with dropout, for the tagger.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/bert/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// Hidden states [B, T, C] in the type of the weights; token types are all 0.
///   scope        embeddings.… and encoder.…, as bert_weight_specs names them
///   input_ids    [B, T] int64, 0 .. vocab_size - 1
///   is_token     [B, T] bool, false at padding; undefined = all are tokens
///   skip_layers  layers left out at the end, below num_hidden_layers
/// Throws InvalidInput for shapes and sizes that do not fit (ids are not read).
at::Tensor bert_states(const BertConfig& config, const nn::TensorScope& scope, const at::Tensor& input_ids,
                       const at::Tensor& is_token = {}, int64_t skip_layers = 0);

}  // namespace vitrine::models
