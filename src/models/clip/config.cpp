#include "models/clip/config.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "clip_config";
constexpr std::array<std::string_view, 3> kActivations{"quick_gelu", "gelu", "gelu_new"};

/// What both sides have.
template <typename Config>
void take_encoder(const ConfigFields& fields, Config& config) {
  fields.take("hidden_size", config.hidden_size);
  fields.take("intermediate_size", config.intermediate_size);
  fields.take("projection_dim", config.projection_dim);
  fields.take("num_hidden_layers", config.num_hidden_layers);
  fields.take("num_attention_heads", config.num_attention_heads);
  fields.take("layer_norm_eps", config.layer_norm_eps);
  fields.take("hidden_act", config.hidden_act);
}

template <typename Config>
void validate_encoder(const Config& config, std::string_view where) {
  require_size(kCaller, where, "hidden_size", config.hidden_size);
  require_size(kCaller, where, "intermediate_size", config.intermediate_size);
  require_size(kCaller, where, "projection_dim", config.projection_dim);
  require_size(kCaller, where, "num_hidden_layers", config.num_hidden_layers);
  require_size(kCaller, where, "num_attention_heads", config.num_attention_heads);
  VITRINE_REQUIRE(config.hidden_size % config.num_attention_heads == 0, "[", kCaller, "] ", where, ": hidden_size ", config.hidden_size,
                  " is not a multiple of num_attention_heads ", config.num_attention_heads);
  VITRINE_REQUIRE(std::find(kActivations.begin(), kActivations.end(), config.hidden_act) != kActivations.end(), "[", kCaller, "] ", where,
                  ": hidden_act: expected quick_gelu, gelu or gelu_new, got '", config.hidden_act, "'");
  VITRINE_REQUIRE(config.layer_norm_eps > 0, "[", kCaller, "] ", where, ": layer_norm_eps: expected > 0, got ", config.layer_norm_eps);
}

template <typename Config>
void put_encoder(Json& json, const Config& config) {
  json["hidden_size"] = config.hidden_size;
  json["intermediate_size"] = config.intermediate_size;
  json["projection_dim"] = config.projection_dim;
  json["num_hidden_layers"] = config.num_hidden_layers;
  json["num_attention_heads"] = config.num_attention_heads;
  json["layer_norm_eps"] = config.layer_norm_eps;
  json["hidden_act"] = config.hidden_act;
}

std::string model_type(const ConfigFields& fields) {
  std::string type;
  fields.take("model_type", type);
  return type;
}

ClipTextConfig clip_text(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  ClipTextConfig config;
  take_encoder(fields, config);
  fields.take("vocab_size", config.vocab_size);
  fields.take("max_position_embeddings", config.max_position_embeddings);
  fields.take("bos_token_id", config.bos_token_id);
  fields.take("eos_token_id", config.eos_token_id);
  fields.take("pad_token_id", config.pad_token_id);
  validate(config, where);
  return config;
}

ClipVisionConfig clip_vision(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  ClipVisionConfig config;
  take_encoder(fields, config);
  fields.take("num_channels", config.num_channels);
  fields.take("image_size", config.image_size);
  fields.take("patch_size", config.patch_size);
  validate(config, where);
  return config;
}

/// Chinese-CLIP's text side is a BERT under another name, and may leave out what is its default.
BertConfig chinese_text(const Json& json, std::string_view where) {
  VITRINE_REQUIRE(json.is_object(), "[", kCaller, "] ", where, ": expected an object, got ", json.type_name());
  Json bert = to_json(BertConfig{});
  bert.update(json);
  bert["model_type"] = "bert";
  for (const char* absent : {"architectures", "id2label", "num_labels"}) bert.erase(absent);
  return bert_config_from_json(bert, where);
}

/// The part of a config for one side: an object, or {} when there is none.
Json side(const Json& json, const std::string& name) {
  for (const std::string& key : {name + "_dict", name}) {
    if (json.contains(key) && !json[key].is_null()) return json[key];
  }
  return Json::object();
}

std::string place(std::string_view where, std::string_view part) { return concat(where, ": ", part); }

Json text_json(const ClipTextConfig& config) {
  Json json;
  json["model_type"] = "clip_text_model";
  put_encoder(json, config);
  json["vocab_size"] = config.vocab_size;
  json["max_position_embeddings"] = config.max_position_embeddings;
  json["bos_token_id"] = config.bos_token_id;
  json["eos_token_id"] = config.eos_token_id;
  json["pad_token_id"] = config.pad_token_id;
  return json;
}

Json text_json(const BertConfig& config) {
  Json json = to_json(config);
  for (const char* of_heads : {"architectures", "id2label", "label2id"}) json.erase(of_heads);
  return json;
}

Json vision_json(const ClipVisionConfig& config, std::string_view type) {
  Json json;
  json["model_type"] = type;
  put_encoder(json, config);
  json["num_channels"] = config.num_channels;
  json["image_size"] = config.image_size;
  json["patch_size"] = config.patch_size;
  return json;
}

Json read_config_json(const std::filesystem::path& model_dir, std::string_view caller) {
  if (!std::filesystem::is_directory(model_dir)) {
    throw NotFound(concat("[", caller, "] ", model_dir.string(), ": no such model directory"));
  }
  return read_json_file(model_dir / "config.json");
}

}  // namespace

int64_t width_of(const TextConfig& config) {
  return std::visit([](const auto& text) { return text.hidden_size; }, config);
}
int64_t max_tokens_of(const TextConfig& config) {
  return std::visit([](const auto& text) { return text.max_position_embeddings; }, config);
}
int64_t vocab_size_of(const TextConfig& config) {
  return std::visit([](const auto& text) { return text.vocab_size; }, config);
}

void validate(const ClipTextConfig& config, std::string_view where) {
  validate_encoder(config, where);
  require_size(kCaller, where, "vocab_size", config.vocab_size);
  require_size(kCaller, where, "max_position_embeddings", config.max_position_embeddings);
}

void validate(const ClipVisionConfig& config, std::string_view where) {
  validate_encoder(config, where);
  require_size(kCaller, where, "num_channels", config.num_channels);
  require_size(kCaller, where, "patch_size", config.patch_size);
  require_size(kCaller, where, "image_size", config.image_size, config.patch_size);
}

void validate(const ClipConfig& config, std::string_view where) {
  std::visit([&](const auto& text) { validate(text, place(where, "text_config")); }, config.text);
  validate(config.vision, place(where, "vision_config"));
  require_size(kCaller, where, "projection_dim", config.projection_dim);
}

ClipConfig clip_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  const std::string type = model_type(fields);
  VITRINE_REQUIRE(type == "clip" || type == "chinese_clip", "[", kCaller, "] ", where,
                  ": model_type: expected clip or chinese_clip, got '", type, "'");
  ClipConfig config;
  config.text = text_config_from_json(json, where);
  config.vision = clip_vision(side(json, "vision_config"), place(where, "vision_config"));
  fields.take("projection_dim", config.projection_dim);
  fields.take("logit_scale_init_value", config.logit_scale_init_value);
  validate(config, where);
  return config;
}

TextConfig text_config_from_json(const Json& json, std::string_view where) {
  const std::string type = model_type(ConfigFields(json, kCaller, where));
  if (type == "clip") return clip_text(side(json, "text_config"), place(where, "text_config"));
  if (type == "chinese_clip") return chinese_text(side(json, "text_config"), place(where, "text_config"));
  if (type == "clip_text_model") return clip_text(json, where);
  if (type == "chinese_clip_text_model") return chinese_text(json, where);
  if (type == "bert") return bert_config_from_json(json, where);
  throw InvalidInput(concat("[", kCaller, "] ", where, ": model_type: expected clip_text_model, clip, bert, chinese_clip or ",
                            "chinese_clip_text_model, got '", type, "'"));
}

ClipConfig read_clip_config(const std::filesystem::path& model_dir) {
  const Json json = read_config_json(model_dir, "read_clip_config");
  return clip_config_from_json(json, (model_dir / "config.json").string());
}

TextConfig read_text_config(const std::filesystem::path& model_dir) {
  const Json json = read_config_json(model_dir, "read_text_config");
  return text_config_from_json(json, (model_dir / "config.json").string());
}

Json to_json(const ClipConfig& config, std::string_view dtype) {
  const bool chinese = config.is_chinese();
  Json json;
  json["architectures"] = {chinese ? "ChineseCLIPModel" : "CLIPModel"};
  json["model_type"] = chinese ? "chinese_clip" : "clip";
  json["dtype"] = dtype;
  json["projection_dim"] = config.projection_dim;
  json["logit_scale_init_value"] = config.logit_scale_init_value;
  json["text_config"] = std::visit([](const auto& text) { return text_json(text); }, config.text);
  if (chinese) json["text_config"]["model_type"] = "chinese_clip_text_model";
  json["vision_config"] = vision_json(config.vision, chinese ? "chinese_clip_vision_model" : "clip_vision_model");
  return json;
}

Json to_json(const TextConfig& config, std::string_view dtype) {
  Json json;
  json["architectures"] = {std::holds_alternative<BertConfig>(config) ? "BertModel" : "CLIPTextModel"};
  json["dtype"] = dtype;
  json.update(std::visit([](const auto& text) { return text_json(text); }, config));
  return json;
}

}  // namespace vitrine::models
