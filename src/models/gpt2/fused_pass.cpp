#include "models/gpt2/fused_pass.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/error.h"
#include "models/dropout_places.h"
#include "models/gpt2/attention_scale.h"
#include "nn/parallel.h"

namespace vitrine::models {
namespace {

constexpr int64_t kLogitsBytes = int64_t{160} << 20;  // of logits that are worked on together
constexpr int64_t kVocabularyRows = 4096;  // of their gradient: the library is a quarter slower on a whole vocabulary

bool has_label(const nn::PackedBatch& batch) {
  return std::any_of(batch.labels.begin(), batch.labels.end(), [](int32_t label) { return label != nn::kNoLabel; });
}

std::string layer_name(int64_t layer_idx, const char* name) { return concat("h.", layer_idx, ".", name); }

}  // namespace

FusedPass::FusedPass(const Gpt2Config& config, nn::ParameterStore& parameters) : config_(config), parameters_(parameters) {}

bool FusedPass::supports(const Gpt2Config& config, const at::Device& device) {
  const bool tanh_gelu = config.activation_function == "gelu_new" || config.activation_function == "gelu_pytorch_tanh";
  return device.is_cpu() && tanh_gelu && nn::fused::supports(config.n_embd, config.head_size(), config.mlp_width());
}

at::Tensor FusedPass::buffer(const char* name, int64_t idx, at::IntArrayRef shape, at::ScalarType dtype) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  at::Tensor& flat = buffers_[concat(name, ".", idx)];
  if (!flat.defined() || flat.scalar_type() != dtype || flat.numel() < numel) flat = at::empty({numel}, dtype);
  return flat.narrow(0, 0, numel).view(shape);
}

FusedPass::Layer FusedPass::layer_buffers(int64_t layer_idx) {
  const int64_t slot = keep_layers_ ? layer_idx : 0, C = config_.n_embd, F = config_.mlp_width();
  const auto stats = [&](const char* mean, const char* rstd) {
    return nn::fused::NormStats{buffer(mean, slot, {T_}, at::kFloat), buffer(rstd, slot, {T_}, at::kFloat)};
  };
  Layer layer;
  layer.x1 = buffer("x1", slot, {T_, C}, at::kFloat);
  layer.x2 = buffer("x2", slot, {T_, C}, at::kFloat);
  layer.norm1 = buffer("norm1", slot, {T_, C}, dtype_);
  layer.norm2 = buffer("norm2", slot, {T_, C}, dtype_);
  layer.attention_out = buffer("attention_out", slot, {T_, C}, dtype_);
  layer.qkv = buffer("qkv", slot, {T_, 3 * C}, dtype_);
  layer.hidden = buffer("hidden", slot, {T_, F}, dtype_);
  layer.activated = buffer("activated", slot, {T_, F}, dtype_);
  layer.lse = buffer("lse", slot, {config_.n_head, T_}, at::kFloat);
  layer.stats1 = stats("mean1", "rstd1");
  layer.stats2 = stats("mean2", "rstd2");
  return layer;
}

FusedPass::Linear FusedPass::linear(int64_t layer_idx, const char* name) {
  const std::string weight = layer_name(layer_idx, name) + ".weight", bias = layer_name(layer_idx, name) + ".bias";
  const bool bfloat16 = dtype_ == at::kBFloat16;
  return {bfloat16 ? parameters_.compute_value(weight) : parameters_.value(weight),
          bfloat16 ? parameters_.compute_value(bias) : parameters_.value(bias), parameters_.gradient(weight),
          parameters_.gradient(bias)};
}

nn::fused::Norm FusedPass::norm(const std::string& name) const {
  return {parameters_.value(name + ".weight"), parameters_.value(name + ".bias"), config_.layer_norm_epsilon};
}

nn::fused::NormGradients FusedPass::norm_gradients(const std::string& name, const at::Tensor& d_branch_bias) const {
  return {parameters_.gradient(name + ".weight"), parameters_.gradient(name + ".bias"), d_branch_bias};
}

nn::fused::AttentionShape FusedPass::attention_shape(const nn::PackedBatch& batch, int64_t layer_idx) const {
  return {batch.cu_seqlens, config_.n_head, attention_scale(config_, layer_idx),
          dropout_at(pass_, layer_idx, DropoutPlace::attention)};
}

void FusedPass::prepare(const nn::PackedBatch& batch, const PassConfig& pass, bool keep_layers) {
  pass_ = pass;
  dtype_ = pass.dtype == ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat;
  T_ = batch.num_tokens();
  keep_layers_ = keep_layers;
}

// ---- forward

void FusedPass::embed(const nn::PackedBatch& batch) {
  x_ = buffer("embedded", 0, {T_, config_.n_embd}, at::kFloat);
  branch_ = at::Tensor();
  const std::vector<int32_t> positions = batch.position_ids();
  const int64_t C = config_.n_embd;
  const float* wte = parameters_.value("wte.weight").const_data_ptr<float>();
  const float* wpe = parameters_.value("wpe.weight").const_data_ptr<float>();
  float* x = x_.mutable_data_ptr<float>();
  nn::parallel_for(0, T_, 64, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const float* token = wte + batch.input_ids[static_cast<size_t>(t)] * C;
      const float* position = wpe + positions[static_cast<size_t>(t)] * C;
      for (int64_t c = 0; c < C; ++c) x[t * C + c] = token[c] + position[c];
    }
  });
  nn::fused::apply_dropout(x_, dropout_at(pass_, 0, DropoutPlace::embedding));
}

void FusedPass::forward_layer(const nn::PackedBatch& batch, int64_t layer_idx) {
  Layer layer = layer_buffers(layer_idx);
  const auto apply = [&](const at::Tensor& x, const char* name, const at::Tensor& out) {
    const Linear parameters = linear(layer_idx, name);
    at::Tensor target = out;
    at::addmm_out(target, parameters.bias, x, parameters.weight);
  };
  // The first layer has no branch to add: its x1 is the embedding itself.
  const at::Tensor x1 = branch_.defined() ? layer.x1 : x_;
  nn::fused::residual_norm(x_, branch_, dropout_at(pass_, layer_idx - 1, DropoutPlace::mlp_output), x1,
                           norm(layer_name(layer_idx, "ln_1")), layer.norm1, layer.stats1);
  apply(layer.norm1, "attn.c_attn", layer.qkv);
  nn::fused::packed_attention(layer.qkv, attention_shape(batch, layer_idx), layer.attention_out, layer.lse);
  branch_ = buffer("branch", 0, {T_, config_.n_embd}, dtype_);
  apply(layer.attention_out, "attn.c_proj", branch_);
  nn::fused::residual_norm(x1, branch_, dropout_at(pass_, layer_idx, DropoutPlace::attention_output), layer.x2,
                           norm(layer_name(layer_idx, "ln_2")), layer.norm2, layer.stats2);
  apply(layer.norm2, "mlp.c_fc", layer.hidden);
  nn::fused::gelu(layer.hidden, layer.activated);
  apply(layer.activated, "mlp.c_proj", branch_);
  x_ = layer.x2;
}

void FusedPass::forward_layers(const nn::PackedBatch& batch) {
  embed(batch);
  for (int64_t i = 0; i < config_.n_layer; ++i) forward_layer(batch, i);
  x_final_ = buffer("x_final", 0, {T_, config_.n_embd}, at::kFloat);
  hidden_states_ = buffer("hidden_states", 0, {T_, config_.n_embd}, dtype_);
  stats_final_ = {buffer("mean_final", 0, {T_}, at::kFloat), buffer("rstd_final", 0, {T_}, at::kFloat)};
  nn::fused::residual_norm(x_, branch_, dropout_at(pass_, config_.n_layer - 1, DropoutPlace::mlp_output), x_final_,
                           norm("ln_f"), hidden_states_, stats_final_);
}

at::Tensor FusedPass::hidden_states(const nn::PackedBatch& batch, const PassConfig& pass, bool keep_layers) {
  const at::NoGradGuard no_grad;
  prepare(batch, pass, keep_layers);
  forward_layers(batch);
  return hidden_states_;
}

// ---- loss: logits in chunks of rows, each turned into its gradient at once

void FusedPass::add_vocabulary_gradient(const at::Tensor& d_logits, const at::Tensor& x, const at::Tensor& d_weight) {
  const int64_t V = d_weight.size(0), C = d_weight.size(1);
  for (int64_t begin = 0; begin < V; begin += kVocabularyRows) {
    const int64_t count = std::min(kVocabularyRows, V - begin);
    at::Tensor part = buffer("d_weight", 0, {count, C}, dtype_);
    at::mm_out(part, d_logits.narrow(1, begin, count).t(), x);
    nn::fused::add_to(part, d_weight.narrow(0, begin, count));
  }
}

FusedPass::LabelRows FusedPass::label_rows(const nn::PackedBatch& batch) const {
  LabelRows found;
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    if (batch.labels[i] == nn::kNoLabel) continue;
    found.rows.push_back(static_cast<int64_t>(i));
    found.labels.push_back(batch.labels[i]);
  }
  found.selected = hidden_states_.index_select(0, at::tensor(found.rows, at::kLong));
  return found;
}

std::vector<FusedPass::LossRun> FusedPass::document_runs(const nn::PackedBatch& batch) {
  std::vector<LossRun> runs;
  int64_t end = 0;
  for (const int32_t count : batch.predicted_tokens()) {
    end += count;
    runs.push_back({end});
  }
  return runs;
}

at::Tensor FusedPass::head_weight() {
  const std::string name = head_name();
  return (dtype_ == at::kBFloat16 ? parameters_.compute_value(name) : parameters_.value(name)).detach();
}

void FusedPass::chunk_losses(const at::Tensor& logits, std::span<const int64_t> labels, int64_t begin, std::span<LossRun> runs,
                             double label_smoothing, bool with_gradient) {
  const int64_t end = begin + logits.size(0);
  int64_t run_begin = 0;
  for (LossRun& run : runs) {
    const int64_t first = std::max(begin, run_begin), last = std::min(end, run.end);
    run_begin = run.end;
    if (first >= last) continue;
    const at::Tensor rows = logits.narrow(0, first - begin, last - first);
    const auto row_labels = labels.subspan(static_cast<size_t>(first), static_cast<size_t>(last - first));
    const double scale = with_gradient ? run.gradient_scale : 0;
    const auto part = nn::fused::cross_entropy(rows, row_labels, label_smoothing, scale);
    if (with_gradient && scale == 0) rows.zero_();  // a scale of 0 left the logits there
    run.sum.nll += part.nll;
    run.sum.objective += part.objective;
    run.sum.num_labels += last - first;
  }
}

/// Without d_selected the losses alone.
void FusedPass::head(LabelRows& targets, std::span<LossRun> runs, double label_smoothing, const at::Tensor& d_selected) {
  const auto N = static_cast<int64_t>(targets.rows.size());
  const int64_t V = config_.vocab_size;
  const at::Tensor weight = head_weight();
  const int64_t chunk = std::max<int64_t>(1, kLogitsBytes / (V * static_cast<int64_t>(weight.element_size())));
  const bool with_gradient = d_selected.defined();
  for (LossRun& run : runs) run.sum = {};
  for (int64_t begin = 0; begin < N; begin += chunk) {
    const int64_t n = std::min(chunk, N - begin);
    const at::Tensor x = targets.selected.narrow(0, begin, n);
    at::Tensor logits = buffer("logits", 0, {n, V}, dtype_);
    if (!targets.kept_logits) at::mm_out(logits, x, weight.t());
    chunk_losses(logits, targets.labels, begin, runs, label_smoothing, with_gradient);
    if (!with_gradient) continue;
    at::Tensor dx = d_selected.narrow(0, begin, n);
    at::mm_out(dx, logits, weight);
    add_vocabulary_gradient(logits, x, parameters_.gradient(head_name()));
  }
  targets.kept_logits = !with_gradient && N <= chunk;
}

void FusedPass::measure(LabelRows& targets, std::span<LossRun> runs, double label_smoothing) {
  head(targets, runs, label_smoothing, {});
}

at::Tensor FusedPass::measure_with_gradient(LabelRows& targets, std::span<LossRun> runs, double label_smoothing) {
  const at::Tensor d_selected = buffer("d_selected", 0, targets.selected.sizes(), dtype_);
  head(targets, runs, label_smoothing, d_selected);
  at::Tensor d_hidden_states = buffer("d_branch", 0, {T_, config_.n_embd}, dtype_);
  return d_hidden_states.zero_().index_copy_(0, at::tensor(targets.rows, at::kLong), d_selected);
}

LossSum FusedPass::run(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale) {
  const at::NoGradGuard no_grad;
  if (!has_label(batch)) return {};
  hidden_states(batch, pass, loss_scale != 0);
  LabelRows targets = label_rows(batch);
  LossRun all{static_cast<int64_t>(targets.rows.size()), loss_scale};
  if (loss_scale == 0) {
    measure(targets, std::span(&all, 1), pass.label_smoothing);
  } else {
    backward(batch, measure_with_gradient(targets, std::span(&all, 1), pass.label_smoothing));
  }
  return all.sum;
}

std::vector<double> FusedPass::document_logps(const nn::PackedBatch& batch, const PassConfig& pass) {
  const at::NoGradGuard no_grad;
  hidden_states(batch, pass);
  LabelRows targets = label_rows(batch);
  std::vector<LossRun> runs = document_runs(batch);
  measure(targets, runs, 0);
  std::vector<double> logps;
  for (const LossRun& run : runs) logps.push_back(-run.sum.nll);
  return logps;
}

LossSum FusedPass::run(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale, const GroupObjective& objective) {
  const at::NoGradGuard no_grad;
  hidden_states(batch, pass, loss_scale != 0);
  LabelRows targets = label_rows(batch);
  std::vector<LossRun> runs = document_runs(batch);
  measure(targets, runs, 0);
  std::vector<double> logps;
  for (const LossRun& run : runs) logps.push_back(-run.sum.nll);
  const GroupLosses losses = group_losses(objective, batch, logps);
  if (loss_scale == 0 || targets.rows.empty()) return losses.sum;
  for (size_t d = 0; d < runs.size(); ++d) runs[d].gradient_scale = -losses.derivatives[d] * loss_scale;
  backward(batch, measure_with_gradient(targets, runs, 0));
  return losses.sum;
}

// ---- backward

void FusedPass::linear_backward(const at::Tensor& x, const at::Tensor& dy, const Linear& linear, const at::Tensor& dx) {
  at::Tensor d_weight = buffer("d_weight", 0, linear.weight.sizes(), dtype_), target = dx;
  at::mm_out(d_weight, x.t(), dy);
  nn::fused::add_to(d_weight, linear.d_weight);
  at::mm_out(target, dy, linear.weight.t());
}

void FusedPass::backward(const nn::PackedBatch& batch, const at::Tensor& d_hidden_states) {
  const at::NoGradGuard no_grad;
  dx_ = buffer("dx", 0, {T_, config_.n_embd}, at::kFloat);
  dx_.zero_();
  const int64_t last = config_.n_layer - 1;
  d_branch_ = buffer("d_branch_mlp", 0, {T_, config_.n_embd}, dtype_);
  nn::fused::residual_norm_backward(d_hidden_states, x_final_, stats_final_, norm("ln_f"), dx_,
                                    dropout_at(pass_, last, DropoutPlace::mlp_output), d_branch_,
                                    norm_gradients("ln_f", linear(last, "mlp.c_proj").d_bias));
  for (int64_t i = last; i >= 0; --i) backward_layer(batch, i);
  embed_backward(batch);
}

void FusedPass::backward_layer(const nn::PackedBatch& batch, int64_t layer_idx) {
  const Layer layer = layer_buffers(layer_idx);
  const at::Tensor d_hidden = buffer("d_hidden", 0, layer.hidden.sizes(), dtype_);
  const at::Tensor d_norm = buffer("d_norm", 0, layer.norm1.sizes(), dtype_);
  const at::Tensor d_qkv = buffer("d_qkv", 0, layer.qkv.sizes(), dtype_);
  const Linear c_fc = linear(layer_idx, "mlp.c_fc"), c_attn = linear(layer_idx, "attn.c_attn"),
               c_proj = linear(layer_idx, "attn.c_proj");

  linear_backward(layer.activated, d_branch_, linear(layer_idx, "mlp.c_proj"), d_hidden);
  nn::fused::gelu_backward(layer.hidden, d_hidden, c_fc.d_bias);
  linear_backward(layer.norm2, d_hidden, c_fc, d_norm);
  nn::fused::residual_norm_backward(d_norm, layer.x2, layer.stats2, norm(layer_name(layer_idx, "ln_2")), dx_,
                                    dropout_at(pass_, layer_idx, DropoutPlace::attention_output), d_branch_,
                                    norm_gradients(layer_name(layer_idx, "ln_2"), c_proj.d_bias));
  linear_backward(layer.attention_out, d_branch_, c_proj, d_norm);
  nn::fused::packed_attention_backward(layer.qkv, d_norm, layer.lse, attention_shape(batch, layer_idx), d_qkv);
  nn::fused::add_column_sums(d_qkv, c_attn.d_bias);
  linear_backward(layer.norm1, d_qkv, c_attn, d_norm);

  const bool first = layer_idx == 0;
  const at::Tensor x1 = first ? buffer("embedded", 0, {T_, config_.n_embd}, at::kFloat) : layer.x1;
  nn::fused::residual_norm_backward(
      d_norm, x1, layer.stats1, norm(layer_name(layer_idx, "ln_1")), dx_,
      dropout_at(pass_, layer_idx - 1, DropoutPlace::mlp_output), first ? at::Tensor() : d_branch_,
      norm_gradients(layer_name(layer_idx, "ln_1"), first ? at::Tensor() : linear(layer_idx - 1, "mlp.c_proj").d_bias));
}

void FusedPass::embed_backward(const nn::PackedBatch& batch) {
  nn::fused::apply_dropout(dx_, dropout_at(pass_, 0, DropoutPlace::embedding));
  const std::vector<int32_t> positions = batch.position_ids();
  const int64_t C = config_.n_embd;
  const float* dx = dx_.const_data_ptr<float>();
  float* d_wte = parameters_.gradient("wte.weight").mutable_data_ptr<float>();
  float* d_wpe = parameters_.gradient("wpe.weight").mutable_data_ptr<float>();
  // Threads share columns, not tokens: a token may occur twice.
  nn::parallel_for(0, C / 16, 1, [&](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < T_; ++t) {
      float* token = d_wte + batch.input_ids[static_cast<size_t>(t)] * C;
      float* position = d_wpe + positions[static_cast<size_t>(t)] * C;
      for (int64_t c = begin * 16; c < end * 16; ++c) {
        token[c] += dx[t * C + c];
        position[c] += dx[t * C + c];
      }
    }
  });
}

}  // namespace vitrine::models
