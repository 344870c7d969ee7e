// models/ranker/module.h - the ranking model for training: GPT-2 and a head that gives one number
// for a text.
//
// Names and layout as in the transformers library (GPT2ForSequenceClassification with one label).
// The score is score.weight [1, C], always float32, times the hidden state, after ln_f, of a
// document's last token. The engine that serves the same directory is generation/ranker.h.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "models/gpt2/config.h"
#include "models/group_objective.h"
#include "models/trainable.h"

namespace vitrine::models {

class FusedPass;

/// Batches have groups when there is an objective to minimise. A document must not end with
/// pad_token_id, which the score is not read at. label_smoothing has no meaning here.
class Ranker final : public Trainable {
 public:
  /// config.pad_token_id must be set: whoever reads the directory needs it. The embeddings count as
  /// tied: there is no other head. objective: null for a model that only scores. Throws
  /// InvalidInput.
  Ranker(const Gpt2Config& config, std::unique_ptr<const GroupObjective> objective,
         const at::Device& device = at::Device(at::kCPU));
  ~Ranker() override;
  Ranker(Ranker&&) noexcept;

  /// Reads a ranking model's directory, or the trunk of a language model's; the head is then 0, so
  /// that all texts begin equal. Without a pad_token_id the language model's eos_token_id stands
  /// for it. n_layer: the first so many layers; 0 = all. Throws what load_gpt2_weights throws;
  /// InvalidInput for more layers than there are.
  static Ranker load(const std::filesystem::path& model_dir,
                     std::unique_ptr<const GroupObjective> objective, int64_t n_layer = 0,
                     const at::Device& device = at::Device(at::kCPU));

  /// Writes config.json and model.safetensors (float32 or bfloat16), each atomically.
  void save(const std::filesystem::path& model_dir, ComputeType dtype,
            const std::map<std::string, std::string>& metadata) const;

  /// The trunk as Gpt2::initialize, the head 0.
  void initialize(RandomKey key);

  const Gpt2Config& config() const { return config_; }
  const nn::ParameterStore& parameters() const { return *parameters_; }

  nn::ParameterStore& parameters() override { return *parameters_; }
  /// Both throw InvalidInput without an objective, and what group_losses throws.
  LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                           double loss_scale) override;
  LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass) override;
  void weights_changed() override;
  int64_t max_tokens() const override { return config_.n_positions; }
  int64_t vocab_size() const override { return config_.vocab_size; }
  Json shape() const override;

  /// The score of each document, higher is better. [D]
  std::vector<double> scores(const nn::PackedBatch& batch, const PassConfig& pass);

 private:
  bool is_fused(const PassConfig& pass) const { return fused_ != nullptr && !pass.plain; }
  void check(const nn::PackedBatch& batch) const;
  const GroupObjective& objective() const;
  LossSum fused_forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                                 double loss_scale);

  Gpt2Config config_;
  std::unique_ptr<const GroupObjective> objective_;
  std::unique_ptr<nn::ParameterStore> parameters_;
  std::unique_ptr<FusedPass> fused_;  // none on other devices and for other activations
};

}  // namespace vitrine::models
