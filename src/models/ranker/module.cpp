#include "models/ranker/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"
#include "base/file.h"
#include "io/checkpoint.h"
#include "models/gpt2/fused_pass.h"
#include "models/gpt2/parameters.h"
#include "models/tensor_files.h"
#include "models/gpt2/plain_forward.h"
#include "models/ranker/weights.h"

namespace vitrine::models {
namespace {

constexpr const char* kHead = "score.weight";

Gpt2Config trunk_config(Gpt2Config config) {
  config.tie_word_embeddings = true;
  VITRINE_REQUIRE(config.pad_token_id >= 0,
                  "[Ranker] pad_token_id: a ranking model needs one, the config has none");
  return config;
}

std::vector<nn::ParameterSpec> ranker_parameters(const Gpt2Config& config) {
  std::vector<WeightSpec> weights = gpt2_weight_specs(config);
  weights.push_back({kHead, {1, config.n_embd}});
  return parameter_specs(weights);
}

/// Where the last token of each document stands. [D] int64
at::Tensor last_rows(const nn::PackedBatch& batch, const at::Device& device) {
  std::vector<int64_t> rows;
  for (size_t d = 1; d < batch.cu_seqlens.size(); ++d) rows.push_back(batch.cu_seqlens[d] - 1);
  return at::tensor(rows, at::kLong).to(device);
}

/// hidden [D, C] -> scores [D] float32, differentiable.
at::Tensor head(const at::Tensor& hidden, const at::Tensor& weight) {
  return at::mv(hidden.to(at::kFloat), weight[0]);
}

std::vector<double> to_vector(const at::Tensor& values) {
  const at::Tensor host = values.detach().to(at::kCPU, at::kDouble).contiguous();
  return {host.const_data_ptr<double>(), host.const_data_ptr<double>() + host.numel()};
}

}  // namespace

Ranker::Ranker(const Gpt2Config& config, std::unique_ptr<const GroupObjective> objective,
               const at::Device& device)
    : config_(trunk_config(config)),
      objective_(std::move(objective)),
      parameters_(std::make_unique<nn::ParameterStore>(ranker_parameters(config_), device)) {
  if (FusedPass::supports(config_, device))
    fused_ = std::make_unique<FusedPass>(config_, *parameters_);
}
Ranker::~Ranker() = default;
Ranker::Ranker(Ranker&&) noexcept = default;

Ranker Ranker::load(const std::filesystem::path& model_dir,
                    std::unique_ptr<const GroupObjective> objective, int64_t n_layer,
                    const at::Device& device) {
  const bool is_ranker = io::open_checkpoint(model_dir).find(kHead) != nullptr;
  Gpt2Config config = is_ranker ? read_ranker_config(model_dir) : read_gpt2_config(model_dir);
  const Gpt2Weights weights =
      is_ranker ? load_ranker_weights(model_dir, config) : load_gpt2_weights(model_dir, config);
  VITRINE_REQUIRE(n_layer >= 0 && n_layer <= config.n_layer,
                  "[Ranker::load] n_layer: expected 0 to ", config.n_layer, ", the layers of ",
                  model_dir.string(), ", got ", n_layer);
  if (n_layer > 0) config.n_layer = n_layer;
  if (config.pad_token_id < 0) config.pad_token_id = config.eos_token_id;
  Ranker model(config, std::move(objective), device);
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : model.parameters_->specs()) {
    if (!weights.has(spec.name)) continue;  // the head of a language model
    model.parameters_->value(spec.name).detach().copy_(
        read_parameter(spec, weights.view(spec.name)));
  }
  model.weights_changed();
  return model;
}

void Ranker::save(const std::filesystem::path& model_dir, ComputeType dtype,
                  const std::map<std::string, std::string>& metadata) const {
  save_parameters(model_dir, *parameters_, dtype, metadata);
  Json json = to_json(config_, dtype == ComputeType::bfloat16 ? "bfloat16" : "float32");
  json["architectures"] = {"GPT2ForSequenceClassification"};
  json["id2label"] = {{"0", "LABEL_0"}};  // one label: transformers counts them here
  json["label2id"] = {{"LABEL_0", 0}};
  write_file_atomic(model_dir / "config.json", dump_pretty(json));
}

void Ranker::initialize(RandomKey key) {
  initialize_gpt2(*parameters_, config_.n_layer, key);
  const at::NoGradGuard no_grad;
  at::Tensor weight = parameters_->value(kHead).detach();
  weight.zero_();
  weights_changed();
}

void Ranker::weights_changed() { parameters_->refresh_compute_copy(); }

Json Ranker::shape() const {
  Json shape = to_json(config_);
  shape["architectures"] = {"GPT2ForSequenceClassification"};
  shape["objective"] = objective_ == nullptr ? Json() : objective_->settings();
  return shape;
}

void Ranker::check(const nn::PackedBatch& batch) const {
  check_documents("Ranker", config_, batch);
  for (size_t d = 1; d < batch.cu_seqlens.size(); ++d) {
    const int32_t last = batch.input_ids[static_cast<size_t>(batch.cu_seqlens[d] - 1)];
    VITRINE_REQUIRE(last != config_.pad_token_id, "[Ranker] document ", d - 1,
                    " ends with pad_token_id ", last, ", which no score is read at");
  }
}

const GroupObjective& Ranker::objective() const {
  VITRINE_REQUIRE(objective_ != nullptr,
                  "[Ranker] this model only scores: it was made without an objective");
  return *objective_;
}

std::vector<double> Ranker::scores(const nn::PackedBatch& batch, const PassConfig& pass) {
  check(batch);
  if (batch.num_documents() == 0) return {};
  const at::NoGradGuard no_grad;
  const at::Tensor hidden = is_fused(pass)
                                ? fused_->hidden_states(batch, pass)
                                : plain_hidden_states(config_, *parameters_, batch, pass);
  return to_vector(head(hidden.index_select(0, last_rows(batch, parameters_->device())),
                        parameters_->value(kHead)));
}

LossSum Ranker::evaluate(const nn::PackedBatch& batch, const PassConfig& pass) {
  return group_losses(objective(), batch, scores(batch, pass)).sum;
}

LossSum Ranker::fused_forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                                       double loss_scale) {
  const at::NoGradGuard no_grad;
  const at::Tensor weight = parameters_->value(kHead).detach(),
                   rows = last_rows(batch, parameters_->device());
  const at::Tensor hidden_states = fused_->hidden_states(batch, pass, /*keep_layers=*/true);
  const at::Tensor last = hidden_states.index_select(0, rows).to(at::kFloat);  // [D, C]
  const GroupLosses losses = group_losses(objective(), batch, to_vector(head(last, weight)));
  const at::Tensor d_scores = at::tensor(losses.derivatives, at::kFloat).mul_(loss_scale);  // [D]
  at::Tensor d_weight = parameters_->gradient(kHead);
  d_weight.add_(at::mv(last.t(), d_scores).unsqueeze(0));
  at::Tensor d_hidden_states = at::zeros_like(hidden_states);
  d_hidden_states.index_copy_(0, rows,
                              at::outer(d_scores, weight[0]).to(hidden_states.scalar_type()));
  fused_->backward(batch, d_hidden_states);
  return losses.sum;
}

LossSum Ranker::forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                                 double loss_scale) {
  check(batch);
  if (is_fused(pass)) return fused_forward_backward(batch, pass, loss_scale);
  const at::Tensor hidden = plain_hidden_states(config_, *parameters_, batch, pass);
  const at::Tensor scores = head(hidden.index_select(0, last_rows(batch, parameters_->device())),
                                 parameters_->value(kHead));
  const GroupLosses losses = group_losses(objective(), batch, to_vector(scores));
  const at::Tensor derivatives = at::tensor(losses.derivatives, at::kFloat).to(scores.device());
  ((scores * derivatives).sum() * loss_scale).backward();
  return losses.sum;
}

}  // namespace vitrine::models
