// models/gpt2/config.h - the settings of a GPT-2 model, as its config.json names them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vitrine::models {

constexpr double kInitializerRange = 0.02;  // standard deviation of new matrices

struct Gpt2Config {
  int64_t vocab_size = 50257;
  int64_t n_positions = 1024;
  int64_t n_embd = 768;
  int64_t n_layer = 12;
  int64_t n_head = 12;
  int64_t n_inner = 0;  // width of the MLP; 0 = 4 * n_embd
  double layer_norm_epsilon = 1e-5;
  std::string activation_function = "gelu_new";  // gelu_new | gelu_pytorch_tanh (the same) | gelu | relu
  bool tie_word_embeddings = true;
  bool scale_attn_weights = true;               // attention scores times 1/sqrt(head size)
  bool scale_attn_by_inverse_layer_idx = false;  // and times 1/(layer + 1)
  int64_t bos_token_id = -1;  // -1 = none
  int64_t eos_token_id = -1;
  int64_t pad_token_id = -1;
  double resid_pdrop = 0.1;
  double embd_pdrop = 0.1;
  double attn_pdrop = 0.1;

  int64_t mlp_width() const { return n_inner > 0 ? n_inner : 4 * n_embd; }
  int64_t head_size() const { return n_embd / n_head; }
};

/// Throws InvalidInput, naming `where`, the field and its value: a size below 1, n_embd % n_head, an unknown
/// activation, a special token outside the vocabulary, a dropout outside [0, 1).
void validate(const Gpt2Config& config, std::string_view where);

/// Reads and validates config.json of a model directory. The sizes vocab_size, n_positions, n_embd, n_layer, n_head must
/// be there, other absent fields keep their defaults; `n_ctx` stands for n_positions in old files; fields we do not use
/// are ignored. Throws NotFound, Corrupt (not JSON), InvalidInput (a size missing, another model_type, wrong type or value).
Gpt2Config read_gpt2_config(const std::filesystem::path& model_dir);

/// The same from JSON. `where` names the file in messages.
Gpt2Config gpt2_config_from_json(const Json& json, std::string_view where);

/// A config.json that the transformers library reads. dtype: "float32" or "bfloat16", the type of the stored weights.
Json to_json(const Gpt2Config& config, std::string_view dtype = "float32");

}  // namespace vitrine::models
