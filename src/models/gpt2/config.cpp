#include "models/gpt2/config.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::array<std::string_view, 4> kActivations{"gelu_new", "gelu_pytorch_tanh", "gelu", "relu"};

constexpr std::string_view kCaller = "gpt2_config";

void require_size(std::string_view where, std::string_view name, int64_t value, int64_t min = 1) {
  models::require_size(kCaller, where, name, value, min);
}

void require_token(std::string_view where, std::string_view name, int64_t id, int64_t vocab_size) {
  VITRINE_REQUIRE(id >= -1 && id < vocab_size, "[gpt2_config] ", where, ": ", name, ": expected a token below ", vocab_size, ", got ", id);
}

void require_dropout(std::string_view where, std::string_view name, double value) {
  VITRINE_REQUIRE(value >= 0 && value < 1, "[gpt2_config] ", where, ": ", name, ": expected 0 to 1, got ", value);
}

Json token_json(int64_t id) { return id < 0 ? Json(nullptr) : Json(id); }

}  // namespace

void validate(const Gpt2Config& config, std::string_view where) {
  require_size(where, "vocab_size", config.vocab_size);
  require_size(where, "n_positions", config.n_positions);
  require_size(where, "n_embd", config.n_embd);
  require_size(where, "n_layer", config.n_layer);
  require_size(where, "n_head", config.n_head);
  require_size(where, "n_inner", config.n_inner, 0);
  VITRINE_REQUIRE(config.n_embd % config.n_head == 0, "[gpt2_config] ", where, ": n_embd ", config.n_embd, " is not a multiple of n_head ",
                  config.n_head);
  VITRINE_REQUIRE(std::find(kActivations.begin(), kActivations.end(), config.activation_function) != kActivations.end(),
                  "[gpt2_config] ", where, ": activation_function: expected gelu_new, gelu_pytorch_tanh, gelu or relu, got '",
                  config.activation_function, "'");
  VITRINE_REQUIRE(config.layer_norm_epsilon > 0, "[gpt2_config] ", where, ": layer_norm_epsilon: expected > 0, got ",
                  config.layer_norm_epsilon);
  require_token(where, "bos_token_id", config.bos_token_id, config.vocab_size);
  require_token(where, "eos_token_id", config.eos_token_id, config.vocab_size);
  require_token(where, "pad_token_id", config.pad_token_id, config.vocab_size);
  require_dropout(where, "resid_pdrop", config.resid_pdrop);
  require_dropout(where, "embd_pdrop", config.embd_pdrop);
  require_dropout(where, "attn_pdrop", config.attn_pdrop);
}

Gpt2Config gpt2_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  std::string model_type = "gpt2";
  fields.take("model_type", model_type);
  VITRINE_REQUIRE(model_type == "gpt2", "[gpt2_config] ", where, ": model_type: expected 'gpt2', got '", model_type, "'");
  bool add_cross_attention = false;
  fields.take("add_cross_attention", add_cross_attention);
  VITRINE_REQUIRE(!add_cross_attention, "[gpt2_config] ", where, ": add_cross_attention is not supported");
  // A model of GPT-2's own size would be assumed where a size is missing.
  fields.require({"vocab_size"});
  fields.require({"n_positions", "n_ctx"});
  for (const char* name : {"n_embd", "n_layer", "n_head"}) fields.require({name});
  Gpt2Config config;
  fields.take("vocab_size", config.vocab_size);
  fields.take("n_ctx", config.n_positions);
  fields.take("n_positions", config.n_positions);
  fields.take("n_embd", config.n_embd);
  fields.take("n_layer", config.n_layer);
  fields.take("n_head", config.n_head);
  fields.take("n_inner", config.n_inner);
  fields.take("layer_norm_epsilon", config.layer_norm_epsilon);
  fields.take("activation_function", config.activation_function);
  fields.take("tie_word_embeddings", config.tie_word_embeddings);
  fields.take("scale_attn_weights", config.scale_attn_weights);
  fields.take("scale_attn_by_inverse_layer_idx", config.scale_attn_by_inverse_layer_idx);
  fields.take("bos_token_id", config.bos_token_id);
  fields.take("eos_token_id", config.eos_token_id);
  fields.take("pad_token_id", config.pad_token_id);
  fields.take("resid_pdrop", config.resid_pdrop);
  fields.take("embd_pdrop", config.embd_pdrop);
  fields.take("attn_pdrop", config.attn_pdrop);
  validate(config, where);
  return config;
}

Gpt2Config read_gpt2_config(const std::filesystem::path& model_dir) {
  if (!std::filesystem::is_directory(model_dir)) {
    throw NotFound(concat("[read_gpt2_config] ", model_dir.string(), ": no such model directory"));
  }
  const auto path = model_dir / "config.json";
  return gpt2_config_from_json(read_json_file(path), path.string());
}

Json to_json(const Gpt2Config& config, std::string_view dtype) {
  Json json;
  json["architectures"] = {"GPT2LMHeadModel"};
  json["model_type"] = "gpt2";
  json["dtype"] = dtype;
  json["vocab_size"] = config.vocab_size;
  json["n_positions"] = config.n_positions;
  json["n_embd"] = config.n_embd;
  json["n_layer"] = config.n_layer;
  json["n_head"] = config.n_head;
  json["n_inner"] = config.n_inner > 0 ? Json(config.n_inner) : Json(nullptr);
  json["layer_norm_epsilon"] = config.layer_norm_epsilon;
  json["activation_function"] = config.activation_function;
  json["tie_word_embeddings"] = config.tie_word_embeddings;
  json["scale_attn_weights"] = config.scale_attn_weights;
  json["scale_attn_by_inverse_layer_idx"] = config.scale_attn_by_inverse_layer_idx;
  json["bos_token_id"] = token_json(config.bos_token_id);
  json["eos_token_id"] = token_json(config.eos_token_id);
  json["pad_token_id"] = token_json(config.pad_token_id);
  json["resid_pdrop"] = config.resid_pdrop;
  json["embd_pdrop"] = config.embd_pdrop;
  json["attn_pdrop"] = config.attn_pdrop;
  return json;
}

}  // namespace vitrine::models
