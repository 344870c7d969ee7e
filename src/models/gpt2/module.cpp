#include "models/gpt2/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "models/gpt2/fused_pass.h"
#include "models/gpt2/parameters.h"
#include "models/tensor_files.h"
#include "models/gpt2/plain_forward.h"
#include "nn/plain_ops.h"

namespace vitrine::models {
namespace {

/// Positions of the labels in the batch and the labels.
struct LabelRows {
  at::Tensor rows, labels;  // [N] int64
};

LabelRows label_rows(const nn::PackedBatch& batch, const at::Device& device) {
  std::vector<int64_t> rows, labels;
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    if (batch.labels[i] == nn::kNoLabel) continue;
    rows.push_back(static_cast<int64_t>(i));
    labels.push_back(batch.labels[i]);
  }
  return {at::tensor(rows, at::kLong).to(device), at::tensor(labels, at::kLong).to(device)};
}

/// Sum of log p of the labels of each document, [D] float64, differentiable.
at::Tensor plain_document_logps(const Gpt2Config& config, const nn::ParameterStore& parameters, const nn::PackedBatch& batch,
                                const PassConfig& pass) {
  const LabelRows targets = label_rows(batch, parameters.device());
  std::vector<int64_t> documents;  // of each label
  const std::vector<int32_t> predicted = batch.predicted_tokens();
  for (size_t d = 0; d < predicted.size(); ++d) documents.insert(documents.end(), static_cast<size_t>(predicted[d]), static_cast<int64_t>(d));
  const at::Tensor hidden = plain_hidden_states(config, parameters, batch, pass).index_select(0, targets.rows);
  const at::Tensor logits = plain_lm_head(config, parameters, hidden, pass).to(at::kFloat);
  const at::Tensor logps = at::log_softmax(logits, -1).gather(1, targets.labels.unsqueeze(1)).squeeze(1);  // [N]
  const at::Tensor index = at::tensor(documents, at::kLong).to(parameters.device());
  return at::zeros({batch.num_documents()}, logps.options().dtype(at::kDouble)).index_add(0, index, logps.to(at::kDouble));
}

std::vector<double> to_vector(const at::Tensor& values) {
  const at::Tensor host = values.detach().to(at::kCPU, at::kDouble).contiguous();
  return {host.const_data_ptr<double>(), host.const_data_ptr<double>() + host.numel()};
}

}  // namespace

Gpt2::Gpt2(const Gpt2Config& config, const at::Device& device)
    : config_(config), parameters_(std::make_unique<nn::ParameterStore>(parameter_specs(gpt2_weight_specs(config)), device)) {
  if (FusedPass::supports(config, device)) fused_ = std::make_unique<FusedPass>(config_, *parameters_);
}
Gpt2::~Gpt2() = default;
Gpt2::Gpt2(Gpt2&&) noexcept = default;

void Gpt2::initialize(RandomKey key) {
  initialize_gpt2(*parameters_, config_.n_layer, key);
  weights_changed();
}

void Gpt2::weights_changed() { parameters_->refresh_compute_copy(); }

LossSum Gpt2::forward_backward(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale) {
  check_documents("Gpt2", config_, batch);
  if (is_fused(pass)) return fused_->run(batch, pass, loss_scale);
  const LabelRows targets = label_rows(batch, parameters_->device());
  if (targets.rows.numel() == 0) return {};
  const at::Tensor hidden = plain_hidden_states(config_, *parameters_, batch, pass).index_select(0, targets.rows);
  const at::Tensor logits = plain_lm_head(config_, *parameters_, hidden, pass);
  const at::Tensor objective = nn::plain::cross_entropy_sum(logits, targets.labels, pass.label_smoothing);
  (objective * loss_scale).backward();
  const at::NoGradGuard no_grad;
  const double nll = nn::plain::cross_entropy_sum(logits.detach(), targets.labels, 0).item<double>();
  return {nll, objective.item<double>(), targets.rows.numel()};
}

LossSum Gpt2::evaluate(const nn::PackedBatch& batch, const PassConfig& pass) {
  check_documents("Gpt2", config_, batch);
  if (is_fused(pass)) return fused_->run(batch, pass, 0);
  const at::NoGradGuard no_grad;
  const LabelRows targets = label_rows(batch, parameters_->device());
  if (targets.rows.numel() == 0) return {};
  const at::Tensor hidden = plain_hidden_states(config_, *parameters_, batch, pass).index_select(0, targets.rows);
  const at::Tensor logits = plain_lm_head(config_, *parameters_, hidden, pass);
  const double nll = nn::plain::cross_entropy_sum(logits, targets.labels, 0).item<double>();
  const double objective = nn::plain::cross_entropy_sum(logits, targets.labels, pass.label_smoothing).item<double>();
  return {nll, objective, targets.rows.numel()};
}

at::Tensor Gpt2::hidden_states(const nn::PackedBatch& batch, const PassConfig& pass) {
  check_documents("Gpt2", config_, batch);
  const at::NoGradGuard no_grad;
  if (is_fused(pass)) return fused_->hidden_states(batch, pass);
  return plain_hidden_states(config_, *parameters_, batch, pass);
}

at::Tensor Gpt2::logits(const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::NoGradGuard no_grad;
  return plain_lm_head(config_, *parameters_, hidden_states(batch, pass), pass).to(at::kFloat);
}

std::vector<double> Gpt2::document_nll(const nn::PackedBatch& batch, const PassConfig& pass) {
  check_documents("Gpt2", config_, batch);
  const at::NoGradGuard no_grad;
  std::vector<double> sums = is_fused(pass) ? fused_->document_logps(batch, pass)
                                            : to_vector(plain_document_logps(config_, *parameters_, batch, pass));
  for (double& sum : sums) sum = -sum;
  return sums;
}

LossSum Gpt2::forward_backward(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale, const GroupObjective& objective) {
  check_documents("Gpt2", config_, batch);
  if (is_fused(pass)) return fused_->run(batch, pass, loss_scale, objective);
  const at::Tensor logps = plain_document_logps(config_, *parameters_, batch, pass);
  const GroupLosses losses = group_losses(objective, batch, to_vector(logps));
  const at::Tensor derivatives = at::tensor(losses.derivatives, at::kDouble).to(logps.device());
  ((logps * derivatives).sum() * loss_scale).backward();
  return losses.sum;
}

LossSum Gpt2::evaluate(const nn::PackedBatch& batch, const PassConfig& pass, const GroupObjective& objective) {
  std::vector<double> logps = document_nll(batch, pass);
  for (double& logp : logps) logp = -logp;
  return group_losses(objective, batch, logps).sum;
}

}  // namespace vitrine::models
