#include "models/gpt2/module.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "base/error.h"
#include "models/gpt2/fused_pass.h"
#include "models/gpt2/plain_forward.h"
#include "models/gpt2/weights.h"
#include "nn/initialize.h"
#include "nn/plain_ops.h"

namespace vitrine::models {
namespace {

bool is_matrix(const std::vector<int64_t>& shape) { return shape.size() > 1; }

std::vector<nn::ParameterSpec> parameter_specs(const Gpt2Config& config) {
  std::vector<nn::ParameterSpec> specs;
  for (WeightSpec& weight : gpt2_weight_specs(config)) {
    const bool decay = is_matrix(weight.shape);
    specs.push_back({std::move(weight.name), std::move(weight.shape), decay});
  }
  return specs;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

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

void check_batch(const Gpt2Config& config, const nn::PackedBatch& batch) {
  for (const int32_t id : batch.input_ids) {
    VITRINE_REQUIRE(id >= 0 && id < config.vocab_size, "[Gpt2] input_ids: expected 0 .. ", config.vocab_size - 1,
                    ", got ", id);
  }
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    const int32_t length = batch.cu_seqlens[d + 1] - batch.cu_seqlens[d];
    VITRINE_REQUIRE(length > 0 && length <= config.n_positions, "[Gpt2] document ", d, ": expected 1 .. ",
                    config.n_positions, " tokens, got ", length);
  }
}

}  // namespace

Gpt2::Gpt2(const Gpt2Config& config, const at::Device& device)
    : config_(config), parameters_(std::make_unique<nn::ParameterStore>(parameter_specs(config), device)) {
  if (FusedPass::supports(config, device)) fused_ = std::make_unique<FusedPass>(config_, *parameters_);
}
Gpt2::~Gpt2() = default;
Gpt2::Gpt2(Gpt2&&) noexcept = default;

void Gpt2::initialize(RandomKey key) {
  const at::NoGradGuard no_grad;
  const double into_residual = kInitializerRange / std::sqrt(2.0 * static_cast<double>(config_.n_layer));
  for (const nn::ParameterSpec& spec : parameters_->specs()) {
    at::Tensor values = parameters_->value(spec.name).detach();
    if (is_matrix(spec.shape)) {
      nn::fill_normal(values, ends_with(spec.name, "c_proj.weight") ? into_residual : kInitializerRange, key.fold_in(spec.name));
    } else {
      values.fill_(ends_with(spec.name, "weight") ? 1.0 : 0.0);
    }
  }
  weights_changed();
}

void Gpt2::weights_changed() { parameters_->refresh_compute_copy(); }

LossSum Gpt2::forward_backward(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale) {
  check_batch(config_, batch);
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
  check_batch(config_, batch);
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
  check_batch(config_, batch);
  const at::NoGradGuard no_grad;
  if (is_fused(pass)) return fused_->hidden_states(batch, pass);
  return plain_hidden_states(config_, *parameters_, batch, pass);
}

at::Tensor Gpt2::logits(const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::NoGradGuard no_grad;
  return plain_lm_head(config_, *parameters_, hidden_states(batch, pass), pass).to(at::kFloat);
}

std::vector<double> Gpt2::document_nll(const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::NoGradGuard no_grad;
  const at::Tensor hidden = hidden_states(batch, pass);
  std::vector<double> sums;
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    nn::PackedBatch document;
    document.labels.assign(batch.labels.begin() + batch.cu_seqlens[d], batch.labels.begin() + batch.cu_seqlens[d + 1]);
    const LabelRows targets = label_rows(document, parameters_->device());
    const at::Tensor rows = hidden.index_select(0, targets.rows + batch.cu_seqlens[d]);
    const at::Tensor logits = plain_lm_head(config_, *parameters_, rows, pass);
    sums.push_back(targets.rows.numel() == 0 ? 0 : nn::plain::cross_entropy_sum(logits, targets.labels, 0).item<double>());
  }
  return sums;
}

}  // namespace vitrine::models
