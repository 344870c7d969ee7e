#include "models/bert/config.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "bert_config";
constexpr std::array<std::string_view, 3> kActivations{"gelu", "gelu_new", "relu"};

/// Throws unless a field is absent or `supported`: other values would change what the model
/// computes.
template <typename T>
void require_value(const ConfigFields& fields, std::string_view where, const char* name,
                   const T& supported) {
  T value = supported;
  fields.take(name, value);
  VITRINE_REQUIRE(value == supported, "[", kCaller, "] ", where, ": ", name, ": only ",
                  dump_line(Json(supported)), " is supported, got ", dump_line(Json(value)));
}

std::vector<std::string> default_labels(int64_t num_labels) {
  std::vector<std::string> labels;
  for (int64_t i = 0; i < num_labels; ++i) labels.push_back(concat("LABEL_", i));
  return labels;
}

/// {"0": "O", "1": "B-…"}: the keys must be the ids from 0 on.
std::vector<std::string> labels_of(const Json& id2label, std::string_view where) {
  VITRINE_REQUIRE(id2label.is_object(), "[", kCaller, "] ", where,
                  ": id2label: expected an object, got ", id2label.type_name());
  std::vector<std::string> labels;
  for (size_t id = 0; id < id2label.size(); ++id) {
    const auto found = id2label.find(std::to_string(id));
    VITRINE_REQUIRE(found != id2label.end() && found->is_string(), "[", kCaller, "] ", where,
                    ": id2label: expected the keys 0 to ", id2label.size() - 1,
                    " with a text each, but ", id, " has none");
    labels.push_back(found->get<std::string>());
  }
  return labels;
}

std::vector<std::string> read_labels(const ConfigFields& fields, std::string_view where) {
  int64_t num_labels = 2;  // the default of transformers
  fields.take("num_labels", num_labels);
  require_size(kCaller, where, "num_labels", num_labels);
  if (!fields.has("id2label")) return default_labels(num_labels);
  auto labels = labels_of(fields.json()["id2label"], where);
  VITRINE_REQUIRE(!fields.has("num_labels") || num_labels == static_cast<int64_t>(labels.size()),
                  "[", kCaller, "] ", where, ": num_labels is ", num_labels, ", but id2label has ",
                  labels.size());
  return labels;
}

std::vector<std::string> read_architectures(const ConfigFields& fields, std::string_view where) {
  std::vector<std::string> names;
  if (!fields.has("architectures")) return names;
  const Json& list = fields.json()["architectures"];
  const bool is_list =
      list.is_array() &&
      std::all_of(list.begin(), list.end(), [](const Json& name) { return name.is_string(); });
  VITRINE_REQUIRE(is_list, "[", kCaller, "] ", where,
                  ": architectures: expected a list of strings, got ", dump_line(list));
  for (const Json& name : list) names.push_back(name.get<std::string>());
  return names;
}

void require_supported(const ConfigFields& fields, std::string_view where) {
  require_value(fields, where, "model_type", std::string("bert"));
  require_value(fields, where, "position_embedding_type", std::string("absolute"));
  require_value(fields, where, "is_decoder", false);
  require_value(fields, where, "add_cross_attention", false);
}

}  // namespace

void validate(const BertConfig& config, std::string_view where) {
  require_size(kCaller, where, "vocab_size", config.vocab_size);
  require_size(kCaller, where, "hidden_size", config.hidden_size);
  require_size(kCaller, where, "num_hidden_layers", config.num_hidden_layers);
  require_size(kCaller, where, "num_attention_heads", config.num_attention_heads);
  require_size(kCaller, where, "intermediate_size", config.intermediate_size);
  require_size(kCaller, where, "max_position_embeddings", config.max_position_embeddings);
  require_size(kCaller, where, "type_vocab_size", config.type_vocab_size);
  require_size(kCaller, where, "num_labels", config.num_labels());
  VITRINE_REQUIRE(config.hidden_size % config.num_attention_heads == 0, "[", kCaller, "] ", where,
                  ": hidden_size ", config.hidden_size,
                  " is not a multiple of num_attention_heads ", config.num_attention_heads);
  VITRINE_REQUIRE(
      std::find(kActivations.begin(), kActivations.end(), config.hidden_act) != kActivations.end(),
      "[", kCaller, "] ", where, ": hidden_act: expected gelu, gelu_new or relu, got '",
      config.hidden_act, "'");
  VITRINE_REQUIRE(config.layer_norm_eps > 0, "[", kCaller, "] ", where,
                  ": layer_norm_eps: expected > 0, got ", config.layer_norm_eps);
}

BertConfig bert_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  require_supported(fields, where);
  for (const char* name : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                           "intermediate_size", "max_position_embeddings"}) {
    fields.require({name});
  }
  BertConfig config;
  fields.take("vocab_size", config.vocab_size);
  fields.take("hidden_size", config.hidden_size);
  fields.take("num_hidden_layers", config.num_hidden_layers);
  fields.take("num_attention_heads", config.num_attention_heads);
  fields.take("intermediate_size", config.intermediate_size);
  fields.take("max_position_embeddings", config.max_position_embeddings);
  fields.take("type_vocab_size", config.type_vocab_size);
  fields.take("layer_norm_eps", config.layer_norm_eps);
  fields.take("hidden_act", config.hidden_act);
  config.architectures = read_architectures(fields, where);
  config.id2label = read_labels(fields, where);
  validate(config, where);
  return config;
}

BertConfig read_bert_config(const std::filesystem::path& model_dir) {
  if (!std::filesystem::is_directory(model_dir)) {
    throw NotFound(concat("[read_bert_config] ", model_dir.string(), ": no such model directory"));
  }
  const auto path = model_dir / "config.json";
  return bert_config_from_json(read_json_file(path), path.string());
}

Json to_json(const BertConfig& config) {
  Json json;
  if (!config.architectures.empty()) json["architectures"] = config.architectures;
  json["model_type"] = "bert";
  json["vocab_size"] = config.vocab_size;
  json["hidden_size"] = config.hidden_size;
  json["num_hidden_layers"] = config.num_hidden_layers;
  json["num_attention_heads"] = config.num_attention_heads;
  json["intermediate_size"] = config.intermediate_size;
  json["max_position_embeddings"] = config.max_position_embeddings;
  json["type_vocab_size"] = config.type_vocab_size;
  json["layer_norm_eps"] = config.layer_norm_eps;
  json["hidden_act"] = config.hidden_act;
  for (size_t id = 0; id < config.id2label.size(); ++id) {
    json["id2label"][std::to_string(id)] = config.id2label[id];
    json["label2id"][config.id2label[id]] = id;
  }
  return json;
}

}  // namespace vitrine::models
