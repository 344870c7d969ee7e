// models/bert/weights.h - which tensors a BERT checkpoint holds, and how they are found in a
// directory.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "models/bert/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// Embeddings and layers, by their names in a file without the prefix "bert."
/// (`encoder.layer.0.attention.self.query.weight`). Linear weights are [out, in].
std::vector<WeightSpec> bert_weight_specs(const BertConfig& config);

/// classifier.weight [num_labels, C] and classifier.bias: the token head.
std::vector<WeightSpec> bert_head_specs(const BertConfig& config);

/// Finds every tensor of bert_weight_specs, and those of bert_head_specs when `architectures` holds
/// BertForTokenClassification, or is absent and the file has a classifier; Weights::has tells.
/// Names may carry the prefix "bert."; the old names LayerNorm.gamma and LayerNorm.beta stand for
/// weight and bias; pooler.dense may be there (it must have its shape) and is not used; the buffers
/// embeddings.position_ids and embeddings.token_type_ids are ignored.
/// Throws what open_checkpoint and WeightMatcher::finish throw.
/// known_finite: the values have been checked before and are not read.
Weights load_bert_weights(const std::filesystem::path& model_dir, const BertConfig& config,
                          bool known_finite = false);

}  // namespace vitrine::models
