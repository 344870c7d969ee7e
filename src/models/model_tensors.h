// models/model_tensors.h - the tensors of a model that computes over a scope: frozen, or float32 parameters in training.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/tensor_files.h"
#include "models/trainable.h"
#include "models/weights.h"
#include "nn/parameters.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// A stored tensor on the CPU in its own type: F32, F16, BF16, or float32 for F64. Throws InvalidInput for others.
at::Tensor host_tensor(const io::TensorView& view);

/// What a model is loaded for.
struct TensorUse {
  bool trained = false;               // float32 parameters with gradients; else tensors that do not change
  at::ScalarType dtype = at::kFloat;  // of the computation; numbers (logit_scale) stay float32 in frozen models
  at::Device device = at::Device(at::kCPU);
};

/// Moving it keeps source() valid. Read by one thread while it is trained, by any when frozen.
class ModelTensors {
 public:
  /// value(spec): the host tensor to begin with, of any floating type; its shape must be that of the spec.
  ModelTensors(std::vector<WeightSpec> specs, const TensorUse& use, const std::function<at::Tensor(const WeightSpec&)>& value);

  const std::vector<WeightSpec>& specs() const { return specs_; }
  const nn::TensorSource& source() const { return *source_; }
  bool trained() const { return parameters_ != nullptr; }
  /// Throws InvalidInput when the model is frozen.
  nn::ParameterStore& parameters() const;
  /// To be called after each backward pass and after parameters were written by others; nothing when frozen.
  void weights_changed();

  /// Without gradient; float32 in a trained model. Throws NotFound.
  at::Tensor value(const std::string& name) const;

  /// Writes a safetensors file under the names of the specs, atomically; numbers stay float32.
  void save(const std::filesystem::path& path, ComputeType dtype, const std::map<std::string, std::string>& metadata) const;

 private:
  std::vector<WeightSpec> specs_;
  std::unique_ptr<nn::ParameterStore> parameters_;  // of a trained model
  std::unique_ptr<nn::TensorSource> source_;
};

}  // namespace vitrine::models
