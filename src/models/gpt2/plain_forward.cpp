#include "models/gpt2/plain_forward.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/error.h"
#include "models/dropout_places.h"
#include "models/gpt2/attention_scale.h"
#include "nn/plain_ops.h"

namespace vitrine::models {
namespace {

at::ScalarType scalar_type(const PassConfig& pass) {
  return pass.dtype == ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
}

at::Tensor long_tensor(const std::vector<int32_t>& values, const at::Device& device) {
  return at::tensor(values, at::kInt).to(device, at::kLong);
}

at::Tensor activation(const std::string& name, const at::Tensor& x) {
  if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast") return at::gelu(x, "tanh");
  if (name == "gelu") return at::gelu(x);
  if (name == "relu") return at::relu(x);
  throw InvalidInput(concat("[gpt2] activation_function: expected gelu_new, gelu or relu, got ", name));
}

/// Names of layer `layer_idx` are looked up with this prefix.
struct PlainLayer {
  const Gpt2Config& config;
  const nn::ParameterStore& parameters;
  const PassConfig& pass;
  const nn::PackedBatch& batch;
  int64_t layer_idx;

  const at::Tensor& value(const char* name) const {
    return parameters.value(concat("h.", layer_idx, ".", name));
  }
  at::Tensor norm(const at::Tensor& x, const char* weight, const char* bias) const {
    return at::layer_norm(x, {config.n_embd}, value(weight), value(bias), config.layer_norm_epsilon);
  }
  at::Tensor linear(const at::Tensor& x, const char* weight, const char* bias) const {
    return nn::plain::linear(x, value(weight), value(bias), scalar_type(pass));
  }

  at::Tensor attention(const at::Tensor& x) const {
    const at::Tensor qkv = linear(x, "attn.c_attn.weight", "attn.c_attn.bias");
    const at::Tensor out =
        nn::plain::packed_attention(qkv, batch.cu_seqlens, config.n_head, attention_scale(config, layer_idx),
                                    dropout_at(pass, layer_idx, DropoutPlace::attention));
    return linear(out, "attn.c_proj.weight", "attn.c_proj.bias");
  }
  at::Tensor mlp(const at::Tensor& x) const {
    const at::Tensor hidden = activation(config.activation_function, linear(x, "mlp.c_fc.weight", "mlp.c_fc.bias"));
    return linear(hidden, "mlp.c_proj.weight", "mlp.c_proj.bias");
  }
  at::Tensor operator()(at::Tensor x) const {
    x = x + nn::dropout(attention(norm(x, "ln_1.weight", "ln_1.bias")).to(at::kFloat),
                        dropout_at(pass, layer_idx, DropoutPlace::attention_output));
    return x + nn::dropout(mlp(norm(x, "ln_2.weight", "ln_2.bias")).to(at::kFloat),
                           dropout_at(pass, layer_idx, DropoutPlace::mlp_output));
  }
};

}  // namespace

at::Tensor plain_hidden_states(const Gpt2Config& config, const nn::ParameterStore& parameters,
                               const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::Device device = parameters.device();
  at::Tensor x = at::embedding(parameters.value("wte.weight"), long_tensor(batch.input_ids, device)) +
                 at::embedding(parameters.value("wpe.weight"), long_tensor(batch.position_ids(), device));
  x = nn::dropout(x, dropout_at(pass, 0, DropoutPlace::embedding));
  for (int64_t i = 0; i < config.n_layer; ++i) x = PlainLayer{config, parameters, pass, batch, i}(x);
  return at::layer_norm(x, {config.n_embd}, parameters.value("ln_f.weight"), parameters.value("ln_f.bias"),
                        config.layer_norm_epsilon);
}

at::Tensor plain_lm_head(const Gpt2Config& config, const nn::ParameterStore& parameters,
                         const at::Tensor& hidden_states, const PassConfig& pass) {
  const at::ScalarType dtype = scalar_type(pass);
  const at::Tensor& weight = parameters.value(config.tie_word_embeddings ? "wte.weight" : "lm_head.weight");
  return at::mm(hidden_states.to(dtype), weight.to(dtype).t());
}

}  // namespace vitrine::models
