// models/bert/config.h - the settings of a BERT encoder, as its config.json names them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::models {

struct BertConfig {
  int64_t vocab_size = 30522;
  int64_t hidden_size = 768;
  int64_t num_hidden_layers = 12;
  int64_t num_attention_heads = 12;
  int64_t intermediate_size = 3072;
  int64_t max_position_embeddings = 512;
  int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
  std::string hidden_act = "gelu";              // gelu | gelu_new | relu
  std::vector<std::string> architectures = {};  // such as BertModel; empty = unknown
  std::vector<std::string> id2label = {};       // of the head, in order of their ids

  int64_t head_size() const { return hidden_size / num_attention_heads; }
  int64_t num_labels() const { return static_cast<int64_t>(id2label.size()); }
};

/// Throws InvalidInput, naming `where`, the field and its value: a size below 1, hidden_size that
/// is no multiple of num_attention_heads, an unknown activation, layer_norm_eps <= 0, no labels.
void validate(const BertConfig& config, std::string_view where);

/// Reads and validates config.json of a model directory. vocab_size, hidden_size,
/// num_hidden_layers, num_attention_heads, intermediate_size and max_position_embeddings must be
/// there; other absent fields keep their defaults. Without id2label and num_labels there are two
/// labels, LABEL_0 and LABEL_1, as in transformers, which leaves out what is its default. Fields
/// that are not used are ignored.
/// Throws NotFound, Corrupt (not JSON), InvalidInput (a size missing, another model_type, wrong
/// type or value, id2label and num_labels that disagree; position_embedding_type other than
/// absolute, is_decoder and add_cross_attention, which are not supported).
BertConfig read_bert_config(const std::filesystem::path& model_dir);

/// The same from JSON. `where` names the file in messages.
BertConfig bert_config_from_json(const Json& json, std::string_view where);

/// A config.json that the transformers library reads.
Json to_json(const BertConfig& config);

}  // namespace vitrine::models
