// models/preference_gpt2.h - a GPT-2 that is trained on how texts compare, as the trainer sees it.
#pragma once
#include "models/gpt2/module.h"
#include "models/group_objective.h"

namespace vitrine::models {

/// Model and objective must outlive the object. Every batch has groups.
class PreferenceGpt2 final : public Trainable {
 public:
  PreferenceGpt2(Gpt2& model, const GroupObjective& objective)
      : model_(model), objective_(objective) {}

  nn::ParameterStore& parameters() override { return model_.parameters(); }
  LossSum forward_backward(const nn::PackedBatch& batch, const PassConfig& pass,
                           double loss_scale) override {
    return model_.forward_backward(batch, pass, loss_scale, objective_);
  }
  LossSum evaluate(const nn::PackedBatch& batch, const PassConfig& pass) override {
    return model_.evaluate(batch, pass, objective_);
  }
  void weights_changed() override { model_.weights_changed(); }
  int64_t max_tokens() const override { return model_.max_tokens(); }
  int64_t vocab_size() const override { return model_.vocab_size(); }
  Json shape() const override {
    Json shape = model_.shape();
    shape["objective"] = objective_.settings();
    return shape;
  }

 private:
  Gpt2& model_;
  const GroupObjective& objective_;
};

}  // namespace vitrine::models
