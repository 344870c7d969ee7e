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
#include "models/new_tokens.h"
#include "models/trainable.h"

namespace vitrine::models {

class FusedPass;
class GroupObjective;

class Gpt2 final : public Trainable {
 public:
  explicit Gpt2(const Gpt2Config& config, const at::Device& device = at::Device(at::kCPU));
  ~Gpt2() override;
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
  nn::ParameterStore& parameters() override { return *parameters_; }
  const nn::ParameterStore& parameters() const { return *parameters_; }

  LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale) override;
  LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass) override;
  void weights_changed() override;

  int64_t max_tokens() const override { return config_.n_positions; }
  int64_t vocab_size() const override { return config_.vocab_size; }
  Json shape() const override { return to_json(config_); }

  /// The same for an objective over the sums of log p of each document's labels; label smoothing does not count.
  /// Throws what group_losses throws.
  LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass, double loss_scale, const GroupObjective& objective);
  LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass, const GroupObjective& objective);

  /// Sum of -log p of the labels of each document, nats: what a reference model says of texts. [D]
  std::vector<double> document_nll(const nn::PackedBatch& batch, const PassConfig& pass);

  /// [T, C] after ln_f, valid until the next call.
  at::Tensor hidden_states(const nn::PackedBatch& batch, const PassConfig& pass);

  /// [T, V] float32, without gradient. For tests and small batches.
  at::Tensor logits(const nn::PackedBatch& batch, const PassConfig& pass);

 private:
  bool is_fused(const PassConfig& pass) const { return fused_ != nullptr && !pass.plain; }

  Gpt2Config config_;
  std::unique_ptr<nn::ParameterStore> parameters_;
  std::unique_ptr<FusedPass> fused_;  // none on other devices and for other activations
};

}  // namespace vitrine::models
