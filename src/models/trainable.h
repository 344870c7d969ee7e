// models/trainable.h - what the trainer asks of a model: parameters, and the loss of a packed batch.
#pragma once
#include <cstdint>

#include "base/json.h"
#include "nn/packed_batch.h"
#include "nn/parameters.h"

namespace vitrine::models {

enum class ComputeType { float32, bfloat16 };

/// Settings of one pass over a batch.
struct PassConfig {
  ComputeType dtype = ComputeType::bfloat16;
  double resid_pdrop = 0, embd_pdrop = 0, attn_pdrop = 0;  // 0 = off, as in evaluation
  uint64_t dropout_key = 0;                                // one per step
  double label_smoothing = 0;
  bool plain = false;  // plain ATen and autograd instead of the fused loops (the slow truth)
};

/// Sums over the labels of a batch, nats. Where documents are compared (models/group_objective.h) a group
/// stands for a label: nll and objective are both the sum of the groups' losses.
struct LossSum {
  double nll = 0;        // -log p(label)
  double objective = 0;  // what is minimised: nll with label smoothing
  int64_t num_labels = 0;
};

class Trainable {
 public:
  virtual ~Trainable() = default;

  virtual nn::ParameterStore& parameters() = 0;
  /// Adds d(objective * loss_scale)/d(parameters) to the gradients and returns the sums.
  /// Call weights_changed() after the values were written by others.
  /// Throws InvalidInput for a batch that does not fit the model.
  virtual LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                                   double loss_scale) = 0;
  virtual LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass) = 0;
  virtual void weights_changed() = 0;

  virtual int64_t max_tokens() const = 0;  // of a document
  virtual int64_t vocab_size() const = 0;
  /// The settings that a saved state belongs to, as config.json has them.
  virtual Json shape() const = 0;
};

}  // namespace vitrine::models
