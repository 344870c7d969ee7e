// models/gpt2/module.h - the GPT-2 language model for training, on packed documents.
//
// Radford et al. 2019; names and layout of parameters as in the transformers library (GPT2LMHeadModel),
// linear weights [in, out]. Weights are float32; compute is float32 or bfloat16.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "models/gpt2/config.h"
#include "models/gpt2/new_tokens.h"
#include "nn/packed_batch.h"
#include "nn/parameters.h"

namespace vitrine::models {

enum class ComputeType { float32, bfloat16 };

/// Settings of one pass over a batch.
struct Gpt2PassConfig {
  ComputeType dtype = ComputeType::bfloat16;
  double resid_pdrop = 0, embd_pdrop = 0, attn_pdrop = 0;  // 0 = off, as in evaluation
  uint64_t dropout_key = 0;                                // one per step
  double label_smoothing = 0;
  bool plain = false;  // plain ATen and autograd instead of the fused loops (the slow truth)
};

/// Sums over the labels of a batch, nats.
struct LossSum {
  double nll = 0;        // -log p(label)
  double objective = 0;  // what is minimised: nll with label smoothing
  int64_t num_labels = 0;
};

class FusedPass;

class Gpt2 {
 public:
  explicit Gpt2(const Gpt2Config& config, const at::Device& device = at::Device(at::kCPU));
  ~Gpt2();
  Gpt2(Gpt2&&) noexcept;

  /// Reads a directory in Hugging Face layout (safetensors; formats.md 13, 14).
  /// Throws what load_gpt2_weights throws.
  static Gpt2 load(const std::filesystem::path& model_dir, const at::Device& device = at::Device(at::kCPU));
  /// The same with `config` in place of config.json; its vocab_size counts the new tokens, which the files lack.
  static Gpt2 load(const std::filesystem::path& model_dir, const Gpt2Config& config, const NewTokens& new_tokens,
                   const at::Device& device);

  /// Writes config.json and model.safetensors (float32 or bfloat16), each atomically.
  void save(const std::filesystem::path& model_dir, ComputeType dtype,
            const std::map<std::string, std::string>& metadata) const;

  /// Normal(0, kInitializerRange), projections into the residual stream divided by sqrt(2 L); norms 1, biases 0.
  void initialize(RandomKey key);

  const Gpt2Config& config() const { return config_; }
  nn::ParameterStore& parameters() { return *parameters_; }
  const nn::ParameterStore& parameters() const { return *parameters_; }

  /// Adds d(objective * loss_scale)/d(parameters) to the gradients and returns the sums.
  /// Call weights_changed() after the values were written by others.
  LossSum forward_backward(const nn::PackedBatch& batch, const Gpt2PassConfig& pass, double loss_scale);
  LossSum evaluate(const nn::PackedBatch& batch, const Gpt2PassConfig& pass);

  /// Sum of -log p of the labels of each document, nats. [D]
  std::vector<double> document_nll(const nn::PackedBatch& batch, const Gpt2PassConfig& pass);

  /// [T, C] after ln_f, valid until the next call.
  at::Tensor hidden_states(const nn::PackedBatch& batch, const Gpt2PassConfig& pass);

  /// [T, V] float32, without gradient. For tests and small batches.
  at::Tensor logits(const nn::PackedBatch& batch, const Gpt2PassConfig& pass);

  void weights_changed();

 private:
  bool is_fused(const Gpt2PassConfig& pass) const { return fused_ != nullptr && !pass.plain; }

  Gpt2Config config_;
  std::unique_ptr<nn::ParameterStore> parameters_;
  std::unique_ptr<FusedPass> fused_;  // none on other devices and for other activations
};

}  // namespace vitrine::models
