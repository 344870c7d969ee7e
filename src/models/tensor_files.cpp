#include "models/tensor_files.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "io/safetensors.h"

namespace vitrine::models {
std::vector<nn::ParameterSpec> parameter_specs(const std::vector<WeightSpec>& weights) {
  std::vector<nn::ParameterSpec> specs;
  for (const WeightSpec& weight : weights) specs.push_back({weight.name, weight.shape, weight.shape.size() > 1});
  return specs;
}

at::Tensor read_parameter(const nn::ParameterSpec& spec, const io::TensorView& view) {
  const std::vector<float> values = io::to_float32(view);
  at::Tensor host = at::empty(spec.shape, at::kFloat);
  std::copy_n(values.data(), std::min(host.numel(), static_cast<int64_t>(values.size())), host.mutable_data_ptr<float>());
  return host;
}

void read_parameters(nn::ParameterStore& parameters, const Weights& weights) {
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    parameters.value(spec.name).detach().copy_(read_parameter(spec, weights.view(spec.name)));
  }
  parameters.refresh_compute_copy();
}

at::Tensor as_frozen(const at::Tensor& values, const FrozenConfig& config) {
  const at::Tensor tensor = values.detach().to(config.device, config.dtype);
  return tensor.contiguous(tensor.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

std::unordered_map<std::string, at::Tensor> frozen_tensors(const Weights& weights, const std::vector<WeightSpec>& specs, const FrozenConfig& config) {
  std::unordered_map<std::string, at::Tensor> tensors;
  for (const WeightSpec& spec : specs) tensors.emplace(spec.name, as_frozen(read_parameter({spec.name, spec.shape}, weights.view(spec.name)), config));
  return tensors;
}

std::unordered_map<std::string, at::Tensor> frozen_tensors(const nn::ParameterStore& parameters, const FrozenConfig& config) {
  std::unordered_map<std::string, at::Tensor> tensors;
  for (const nn::ParameterSpec& spec : parameters.specs()) tensors.emplace(spec.name, as_frozen(parameters.value(spec.name).clone(), config));
  return tensors;
}

void save_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors, ComputeType dtype,
                  const std::map<std::string, std::string>& metadata) {
  std::vector<at::Tensor> hosts;  // keep the bytes
  std::vector<io::TensorToSave> stored;
  for (const NamedTensor& named : tensors) {
    const bool bfloat16 = dtype == ComputeType::bfloat16 && named.tensor.dim() > 0;
    hosts.push_back(named.tensor.detach().to(at::kCPU, bfloat16 ? at::kBFloat16 : at::kFloat).contiguous());
    const at::Tensor& host = hosts.back();
    stored.push_back({named.name, bfloat16 ? io::DType::BF16 : io::DType::F32, host.sizes().vec(),
                      {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}});
  }
  io::save_safetensors(path, stored, metadata);
}

}  // namespace vitrine::models
