// models/bert/module.h - a BERT encoder with a head for each token, for training, on packed documents.
//
// Devlin et al. 2018; names and layout of parameters as in the transformers library
// (BertForTokenClassification without its prefix "bert."), linear weights [out, in]. Weights are
// float32; compute is float32 or bfloat16, norms and the loss float32.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "models/bert/config.h"
#include "models/trainable.h"

namespace vitrine::models {

/// Labels of a batch are classes, one for each token or nn::kNoLabel. PassConfig::attn_pdrop must be
/// 0 and PassConfig::plain is not used: there is one way to compute.
class BertTagger final : public Trainable {
 public:
  /// config.id2label must not be empty.
  explicit BertTagger(const BertConfig& config, const at::Device& device = at::Device(at::kCPU));

  /// Reads a directory with a token head. Throws what read_bert_config and load_bert_weights throw,
  /// and InvalidInput when the checkpoint has no classifier.
  static BertTagger load(const std::filesystem::path& model_dir,
                         const at::Device& device = at::Device(at::kCPU));
  /// Writes config.json and model.safetensors (float32 or bfloat16), each atomically.
  void save(const std::filesystem::path& model_dir, ComputeType dtype,
            const std::map<std::string, std::string>& metadata) const;
  /// Normal(0, 0.02), words 0.04; norms 1, biases 0; positions are sinusoids, and queries and keys of a layer begin
  /// equal (module.cpp).
  void initialize(RandomKey key);

  const BertConfig& config() const { return config_; }
  const nn::ParameterStore& parameters() const { return *parameters_; }

  nn::ParameterStore& parameters() override { return *parameters_; }
  LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                           double loss_scale) override;
  LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass) override;
  void weights_changed() override;
  int64_t max_tokens() const override { return config_.max_position_embeddings; }
  int64_t vocab_size() const override { return config_.vocab_size; }
  Json shape() const override { return to_json(config_); }

  /// [T, num_labels] float32, without gradient.
  at::Tensor logits(const nn::PackedBatch& batch, const PassConfig& pass);

 private:
  void check(const nn::PackedBatch& batch, const PassConfig& pass) const;
  /// [T, num_labels] float32, differentiable.
  at::Tensor head(const nn::PackedBatch& batch, const PassConfig& pass) const;

  BertConfig config_;
  std::unique_ptr<nn::ParameterStore> parameters_;
};

}  // namespace vitrine::models
