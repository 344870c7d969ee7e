// models/gpt2/fused_pass.h - GPT-2 forward and backward written out by hand for the CPU.
//
// Matrix products go to the library in the compute type, everything between them to nn/fused_ops.h. All
// buffers are kept from pass to pass. The truth is models/gpt2/plain_forward.h with autograd.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "models/gpt2/module.h"
#include "models/group_objective.h"
#include "nn/fused_ops.h"

namespace vitrine::models {

/// Call order with a head of the caller's own: hidden_states(…, keep_layers = true), backward.
class FusedPass {
 public:
  /// `parameters` must outlive the object; those that are not GPT-2's are left alone.
  FusedPass(const Gpt2Config& config, nn::ParameterStore& parameters);
  static bool supports(const Gpt2Config& config, const at::Device& device);

  /// Sums of the language model's loss; with `loss_scale` != 0 the gradients of objective * loss_scale are added.
  LossSum run(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale);

  /// The same for an objective over the documents' sums of log p (label smoothing does not count).
  LossSum run(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale, const GroupObjective& objective);

  /// Sum of log p of the labels of each document, nats. [D]
  std::vector<double> document_logps(const nn::PackedBatch& batch, const PassConfig& pass);

  /// [T, C] in the compute type; valid until the next call. keep_layers: backward() is to follow.
  at::Tensor hidden_states(const nn::PackedBatch& batch, const PassConfig& pass, bool keep_layers = false);

  /// Adds the gradients that follow from d_hidden_states [T, C], in the compute type, of the pass before.
  void backward(const nn::PackedBatch& batch, const at::Tensor& d_hidden_states);

 private:
  /// What one layer keeps for its way back.
  struct Layer {
    at::Tensor x1, x2;                        // [T, C] float32: residual stream before ln_1 and ln_2
    at::Tensor norm1, norm2, attention_out;   // [T, C]
    at::Tensor qkv;                           // [T, 3C]
    at::Tensor hidden, activated;             // [T, F] before and after GELU
    at::Tensor lse;                           // [NH, T] float32
    nn::fused::NormStats stats1, stats2;
  };
  /// Neighbouring rows with a label, whose loss has one factor.
  struct LossRun {
    int64_t end = 0;           // row behind the last
    double gradient_scale = 0;
    LossSum sum = {};
  };
  /// Rows of the batch that have a label, and the logits that are kept of them.
  struct LabelRows {
    std::vector<int64_t> rows, labels;
    at::Tensor selected;       // [N, C] their hidden states
    bool kept_logits = false;  // the buffer "logits" still holds those of all rows
  };
  struct Linear {
    at::Tensor weight, bias;      // compute type
    at::Tensor d_weight, d_bias;  // float32
  };

  void prepare(const nn::PackedBatch& batch, const PassConfig& pass, bool keep_layers);
  at::Tensor buffer(const char* name, int64_t idx, at::IntArrayRef shape, at::ScalarType dtype);
  Layer layer_buffers(int64_t layer_idx);
  Linear linear(int64_t layer_idx, const char* name);
  nn::fused::Norm norm(const std::string& name) const;
  nn::fused::NormGradients norm_gradients(const std::string& name, const at::Tensor& d_branch_bias) const;
  nn::fused::AttentionShape attention_shape(const nn::PackedBatch& batch, int64_t layer_idx) const;

  void embed(const nn::PackedBatch& batch);
  void forward_layers(const nn::PackedBatch& batch);
  void forward_layer(const nn::PackedBatch& batch, int64_t layer_idx);
  LabelRows label_rows(const nn::PackedBatch& batch) const;
  /// One run for each document, ending behind its last row with a label.
  static std::vector<LossRun> document_runs(const nn::PackedBatch& batch);
  /// Fills the sums of the runs.
  void measure(LabelRows& targets, std::span<LossRun> runs, double label_smoothing);
  /// The same, and adds the head's gradients; returns d hidden states [T, C].
  at::Tensor measure_with_gradient(LabelRows& targets, std::span<LossRun> runs, double label_smoothing);
  void head(LabelRows& targets, std::span<LossRun> runs, double label_smoothing, const at::Tensor& d_selected);
  static void chunk_losses(const at::Tensor& logits, std::span<const int64_t> labels, int64_t begin, std::span<LossRun> runs,
                           double label_smoothing, bool with_gradient);
  at::Tensor head_weight();
  std::string head_name() const { return config_.tie_word_embeddings ? "wte.weight" : "lm_head.weight"; }
  /// d_weight [V, C] += d_logits^T x.
  void add_vocabulary_gradient(const at::Tensor& d_logits, const at::Tensor& x, const at::Tensor& d_weight);
  void backward_layer(const nn::PackedBatch& batch, int64_t layer_idx);
  void embed_backward(const nn::PackedBatch& batch);
  /// dx = dy @ weight^T, and the gradient of the weight from x and dy.
  void linear_backward(const at::Tensor& x, const at::Tensor& dy, const Linear& linear, const at::Tensor& dx);

  Gpt2Config config_;
  nn::ParameterStore& parameters_;
  std::unordered_map<std::string, at::Tensor> buffers_;  // flat, as large as they were ever needed

  // Of the pass in progress.
  PassConfig pass_;
  at::ScalarType dtype_ = at::kBFloat16;
  int64_t T_ = 0;
  bool keep_layers_ = false;
  at::Tensor x_;       // [T, C] float32: residual stream that the next norm starts from
  at::Tensor branch_;  // [T, C]: output to be added to it; undefined before the first layer
  at::Tensor x_final_, hidden_states_;
  nn::fused::NormStats stats_final_;
  at::Tensor dx_;        // [T, C] float32: gradient of the residual stream
  at::Tensor d_branch_;  // [T, C]: gradient of the branch that was added last
};

}  // namespace vitrine::models
