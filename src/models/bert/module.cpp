#include "models/bert/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "models/bert/forward.h"
#include "models/bert/weights.h"
#include "models/tensor_files.h"
#include "nn/initialize.h"

namespace vitrine::models {
namespace {

constexpr double kInitializerRange = 0.02;
constexpr double kWordRange = 0.04;  // what a token is counts for more than where it stands
/// Of queries and keys, which begin equal: a token then looks at its equals from the start, which a
/// small model otherwise needs thousands of steps to learn. Trockman and Kolter 2023 (arXiv 2305.09828).
constexpr double kAttentionRange = 0.06;
constexpr const char* kArchitecture = "BertForTokenClassification";

bool is_matrix(const std::vector<int64_t>& shape) { return shape.size() > 1; }

bool is_query_or_key(const std::string& name) {
  return name.ends_with("self.query.weight") || name.ends_with("self.key.weight");
}

/// [positions, C] with the mean square of the token types: neighbours begin alike, so that queries
/// and keys see distance from the start. Vaswani et al. 2017 (arXiv 1706.03762), section 3.5.
at::Tensor sinusoids(int64_t positions, int64_t C) {
  at::Tensor table = at::empty({positions, C}, at::kFloat);
  float* value = table.mutable_data_ptr<float>();
  for (int64_t p = 0; p < positions; ++p) {
    for (int64_t c = 0; c < C; ++c) {
      const double exponent = static_cast<double>(c / 2 * 2) / static_cast<double>(C);
      const double angle = static_cast<double>(p) / std::pow(10000.0, exponent);
      const double wave = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
      *value++ = static_cast<float>(kInitializerRange * std::sqrt(2.0) * wave);
    }
  }
  return table;
}

std::vector<nn::ParameterSpec> parameter_specs(const BertConfig& config) {
  std::vector<WeightSpec> weights = bert_weight_specs(config);
  for (WeightSpec& weight : bert_head_specs(config)) weights.push_back(std::move(weight));
  return parameter_specs(weights);
}

std::string checkpoint_name(const std::string& name) {
  return name.starts_with("classifier.") ? name : "bert." + name;
}

/// The batch and documents of filler tokens behind it, up to a multiple of kRows tokens: products of few
/// shapes, as each new shape costs more than the filler. Attention never crosses a document.
nn::PackedBatch filled(nn::PackedBatch batch, int64_t max_tokens) {
  constexpr int64_t kRows = 256;
  if (batch.token_type_ids.empty()) batch.token_type_ids.assign(batch.input_ids.size(), 0);
  for (int64_t open = (kRows - batch.num_tokens() % kRows) % kRows; open > 0;) {
    const auto length = static_cast<size_t>(std::min(open, max_tokens));
    const std::vector<int32_t> ids(length, 0), no_labels(length, nn::kNoLabel);
    batch.add_classified(ids, ids, no_labels);
    open -= static_cast<int64_t>(length);
  }
  return batch;
}

/// Sum over the tokens that have a class.
at::Tensor loss_sum(const at::Tensor& logits, const at::Tensor& labels, double label_smoothing) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum, nn::kNoLabel,
                                label_smoothing);
}

void require_ids(const std::vector<int32_t>& ids, int64_t size, const char* what) {
  for (const int32_t id : ids) {
    VITRINE_REQUIRE(id >= 0 && id < size, "[BertTagger] ", what, ": expected 0 .. ", size - 1,
                    ", got ", id);
  }
}

}  // namespace

BertTagger::BertTagger(const BertConfig& config, const at::Device& device) : config_(config) {
  validate(config, "BertTagger");
  config_.architectures = {kArchitecture};
  parameters_ = std::make_unique<nn::ParameterStore>(parameter_specs(config_), device);
}

BertTagger BertTagger::load(const std::filesystem::path& model_dir, const at::Device& device) {
  BertTagger model(read_bert_config(model_dir), device);
  const Weights weights = load_bert_weights(model_dir, model.config_);
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : model.parameters_->specs()) {
    model.parameters_->value(spec.name).detach().copy_(read_parameter(spec, weights.view(spec.name)));
  }
  model.weights_changed();
  return model;
}

void BertTagger::save(const std::filesystem::path& model_dir, ComputeType dtype,
                      const std::map<std::string, std::string>& metadata) const {
  std::vector<NamedTensor> tensors;
  for (const nn::ParameterSpec& spec : parameters_->specs()) tensors.push_back({checkpoint_name(spec.name), parameters_->value(spec.name)});
  std::filesystem::create_directories(model_dir);
  save_tensors(model_dir / "model.safetensors", tensors, dtype, metadata);
  write_file_atomic(model_dir / "config.json", dump_pretty(to_json(config_)));
}

void BertTagger::initialize(RandomKey key) {
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : parameters_->specs()) {
    const at::Tensor values = parameters_->value(spec.name).detach();
    if (spec.name == "embeddings.position_embeddings.weight") {
      values.copy_(sinusoids(spec.shape[0], spec.shape[1]));
    } else if (is_query_or_key(spec.name)) {
      const std::string layer = spec.name.substr(0, spec.name.find(".attention."));
      nn::fill_normal(values, kAttentionRange, key.fold_in(layer).fold_in("query and key"));
    } else if (is_matrix(spec.shape)) {
      const bool is_word = spec.name == "embeddings.word_embeddings.weight";
      nn::fill_normal(values, is_word ? kWordRange : kInitializerRange, key.fold_in(spec.name));
    } else {
      values.fill_(spec.name.ends_with("LayerNorm.weight") ? 1.0 : 0.0);
    }
  }
  weights_changed();
}

void BertTagger::weights_changed() { parameters_->refresh_compute_copy(); }

void BertTagger::check(const nn::PackedBatch& batch, const PassConfig& pass) const {
  VITRINE_REQUIRE(pass.attn_pdrop == 0, "[BertTagger] attn_pdrop: expected 0, got ",
                  pass.attn_pdrop);
  require_ids(batch.input_ids, config_.vocab_size, "input_ids");
  require_ids(batch.token_type_ids, config_.type_vocab_size, "token_type_ids");
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    const int32_t length = batch.cu_seqlens[d + 1] - batch.cu_seqlens[d];
    VITRINE_REQUIRE(length > 0 && length <= max_tokens(), "[BertTagger] document ", d,
                    ": expected 1 .. ", max_tokens(), " tokens, got ", length);
  }
  for (const int32_t label : batch.labels) {
    VITRINE_REQUIRE(label == nn::kNoLabel || (label >= 0 && label < config_.num_labels()),
                    "[BertTagger] labels: expected 0 .. ", config_.num_labels() - 1, ", got ",
                    label);
  }
}

at::Tensor BertTagger::head(const nn::PackedBatch& batch, const PassConfig& pass) const {
  const at::Tensor hidden = bert_hidden_states(config_, *parameters_, batch, pass);
  return bert_linear(hidden, parameters_->value("classifier.weight"),
                     parameters_->value("classifier.bias"), at::kFloat);
}

LossSum BertTagger::forward_backward(const nn::PackedBatch& given, const PassConfig& pass,
                                     double loss_scale) {
  check(given, pass);
  if (given.num_labels() == 0) return {};
  const nn::PackedBatch batch = filled(given, max_tokens());
  const at::Tensor labels = at::tensor(batch.labels, at::kInt).to(parameters_->device(), at::kLong);
  const at::Tensor logits = head(batch, pass);
  const at::Tensor objective = loss_sum(logits, labels, pass.label_smoothing);
  (objective * loss_scale).backward();
  const at::NoGradGuard no_grad;
  const double nll = loss_sum(logits.detach(), labels, 0).item<double>();
  return {nll, objective.item<double>(), given.num_labels()};
}

LossSum BertTagger::evaluate(const nn::PackedBatch& given, const PassConfig& pass) {
  check(given, pass);
  const at::NoGradGuard no_grad;
  if (given.num_labels() == 0) return {};
  const nn::PackedBatch batch = filled(given, max_tokens());
  const at::Tensor labels = at::tensor(batch.labels, at::kInt).to(parameters_->device(), at::kLong);
  const at::Tensor logits = head(batch, pass);
  return {loss_sum(logits, labels, 0).item<double>(),
          loss_sum(logits, labels, pass.label_smoothing).item<double>(), given.num_labels()};
}

at::Tensor BertTagger::logits(const nn::PackedBatch& given, const PassConfig& pass) {
  check(given, pass);
  const at::NoGradGuard no_grad;
  return head(filled(given, max_tokens()), pass).narrow(0, 0, given.num_tokens());
}

}  // namespace vitrine::models
