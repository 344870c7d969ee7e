#include "models/bert/forward.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/error.h"
#include "models/activation.h"
#include "models/dropout_places.h"
#include "nn/padding.h"

namespace vitrine::models {
namespace {

at::Tensor long_tensor(const std::vector<int32_t>& values, const at::Device& device) {
  return at::tensor(values, at::kInt).to(device, at::kLong);
}

struct Layer {
  const BertConfig& config;
  const nn::ParameterStore& parameters;
  const PassConfig& pass;
  const nn::Padding& padding;
  int64_t layer_idx;

  const at::Tensor& value(const std::string& name) const {
    return parameters.value(concat("encoder.layer.", layer_idx, ".", name));
  }
  at::Tensor linear(const at::Tensor& x, const std::string& name) const {
    const auto dtype = pass.dtype == ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
    return bert_linear(x, value(name + ".weight"), value(name + ".bias"), dtype);
  }
  /// norm(x + dropout(branch)): the norm stands behind the sum.
  at::Tensor add_and_norm(const at::Tensor& x, const at::Tensor& branch, const std::string& name,
                          DropoutPlace place) const {
    const at::Tensor sum =
        x + nn::dropout(branch.to(at::kFloat), dropout_at(pass, layer_idx, place));
    return at::layer_norm(sum, {config.hidden_size}, value(name + ".weight"),
                          value(name + ".bias"), config.layer_norm_eps);
  }

  at::Tensor heads(const at::Tensor& x, const std::string& name) const {
    const int64_t NH = config.num_attention_heads, HS = config.head_size();
    return nn::pad_rows(linear(x, name), padding)
        .view({padding.documents, padding.longest, NH, HS})
        .transpose(1, 2);  // [D, NH, Tmax, HS]
  }
  at::Tensor attention(const at::Tensor& x) const {
    const at::Tensor out = at::scaled_dot_product_attention(
        heads(x, "attention.self.query"), heads(x, "attention.self.key"),
        heads(x, "attention.self.value"), padding.is_token, /*dropout_p=*/0.0,
        /*is_causal=*/false, 1.0 / std::sqrt(static_cast<double>(config.head_size())));
    return nn::unpad_rows(out.transpose(1, 2).reshape({-1, config.hidden_size}), padding);
  }
  at::Tensor operator()(const at::Tensor& x) const {
    const at::Tensor seen =
        add_and_norm(x, linear(attention(x), "attention.output.dense"),
                     "attention.output.LayerNorm", DropoutPlace::attention_output);
    const at::Tensor inner = activation(config.hidden_act, linear(seen, "intermediate.dense"));
    return add_and_norm(seen, linear(inner, "output.dense"), "output.LayerNorm",
                        DropoutPlace::mlp_output);
  }
};

at::Tensor embeddings(const BertConfig& config, const nn::ParameterStore& parameters,
                      const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::Device device = parameters.device();
  const auto rows_of = [&](const char* table, const std::vector<int32_t>& ids) {
    return at::embedding(parameters.value(concat("embeddings.", table, ".weight")),
                         long_tensor(ids, device));
  };
  const std::vector<int32_t> types = batch.token_type_ids.empty()
                                         ? std::vector<int32_t>(batch.input_ids.size(), 0)
                                         : batch.token_type_ids;
  const at::Tensor sum = rows_of("word_embeddings", batch.input_ids) +
                         rows_of("position_embeddings", batch.position_ids()) +
                         rows_of("token_type_embeddings", types);
  const at::Tensor x =
      at::layer_norm(sum, {config.hidden_size}, parameters.value("embeddings.LayerNorm.weight"),
                     parameters.value("embeddings.LayerNorm.bias"), config.layer_norm_eps);
  return nn::dropout(x, dropout_at(pass, 0, DropoutPlace::embedding));
}

}  // namespace

at::Tensor bert_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       at::ScalarType dtype) {
  return at::linear(x.to(dtype), weight.to(dtype), bias.to(dtype));
}

at::Tensor bert_hidden_states(const BertConfig& config, const nn::ParameterStore& parameters,
                              const nn::PackedBatch& batch, const PassConfig& pass) {
  const nn::Padding padding = nn::padding_of(batch.cu_seqlens, parameters.device());
  at::Tensor x = embeddings(config, parameters, batch, pass);
  for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
    x = Layer{config, parameters, pass, padding, i}(x);
  }
  return x;
}

}  // namespace vitrine::models
