// models/lora/merged_tensors.h - a model with adapters merged into its weights, for inference.
#pragma once
#include <span>
#include <string>
#include <unordered_map>

#include "models/lora/lora_file.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

struct WeightedLora {
  const LoraFile* lora = nullptr;
  double weight = 1;  // strength; 0 = off, negative is allowed
};

/// The tensors of a part with W + sum(weight * scale * up * down) in the place of each W that is adapted; computed in float32, given in the
/// type of W. The base keeps its own, so that adapters come off without a trace.
/// set_adapters and passes of other threads exclude each other; what was computed from the weights before (a ContextCache) is void after it.
class MergedTensors final : public nn::TensorSource {
 public:
  /// The base must outlive it.
  MergedTensors(const nn::TensorSource& base, SdPart part) : base_(&base), part_(part) {}

  /// Replaces the adapters of before; none = the base itself. Pairs of other parts are passed over.
  /// Throws NotFound for a module that the base does not have.
  void set_adapters(std::span<const WeightedLora> adapters);

  at::Tensor get(const std::string& name) const override;
  bool has(const std::string& name) const override { return base_->has(name); }
  size_t num_merged() const { return merged_.size(); }

 private:
  const nn::TensorSource* base_;
  SdPart part_;
  std::unordered_map<std::string, at::Tensor> merged_;
};

}  // namespace vitrine::models
