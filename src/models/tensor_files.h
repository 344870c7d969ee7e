// models/tensor_files.h - from stored tensors to those of libtorch and back.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/trainable.h"
#include "models/weights.h"
#include "nn/parameters.h"

namespace vitrine::models {

/// The parameters that a list of tensors stands for; matrices and kernels have weight decay.
std::vector<nn::ParameterSpec> parameter_specs(const std::vector<WeightSpec>& weights);

/// The stored values of a parameter on the CPU, float32. Rows that the file lacks are left open; rows behind the parameter
/// are padding.
at::Tensor read_parameter(const nn::ParameterSpec& spec, const io::TensorView& view);

/// Sets every parameter from the weights of its name. Throws NotFound for one that `weights` lacks.
void read_parameters(nn::ParameterStore& parameters, const Weights& weights);

/// How tensors are kept that do not change.
struct FrozenConfig {
  at::ScalarType dtype = at::kFloat;
  at::Device device = at::Device(at::kCPU);
};
/// A tensor without gradient in that type; kernels [N, C, k, k] channels-last.
at::Tensor as_frozen(const at::Tensor& values, const FrozenConfig& config);
/// The tensors of `specs` in one type; kernels [N, C, k, k] are channels-last.
std::unordered_map<std::string, at::Tensor> frozen_tensors(const Weights& weights, const std::vector<WeightSpec>& specs, const FrozenConfig& config);
/// The present values of parameters, likewise.
std::unordered_map<std::string, at::Tensor> frozen_tensors(const nn::ParameterStore& parameters, const FrozenConfig& config);

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};
/// Writes a safetensors file atomically; numbers (shape []) stay float32. Throws what io::save_safetensors throws.
void save_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors, ComputeType dtype,
                  const std::map<std::string, std::string>& metadata);

}  // namespace vitrine::models
