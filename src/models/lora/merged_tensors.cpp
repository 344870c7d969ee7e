#include "models/lora/merged_tensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "models/model_tensors.h"

namespace vitrine::models {
namespace {

at::Tensor rows_of(const io::TensorView& view, const at::Device& device) { return host_tensor(view).to(device, at::kFloat).flatten(1); }

/// scale * up * down in the shape of the weight, float32.
at::Tensor change_of(const LoraPair& pair, const at::Tensor& weight) {
  const at::Tensor down = rows_of(pair.down, weight.device()), up = rows_of(pair.up, weight.device());
  return (at::matmul(up, down) * pair.scale()).view(weight.sizes());
}

at::Tensor like(const at::Tensor& values, const at::Tensor& weight) {
  return values.to(weight.scalar_type()).contiguous(weight.suggest_memory_format());
}

}  // namespace

void MergedTensors::set_adapters(std::span<const WeightedLora> adapters) {
  const at::NoGradGuard no_grad;
  std::unordered_map<std::string, at::Tensor> sums;  // float32
  for (const auto& [lora, strength] : adapters) {
    for (const LoraPair& pair : lora->pairs) {
      if (pair.target.part != part_) continue;
      const std::string name = pair.target.module + ".weight";
      const at::Tensor weight = base_->get(name);
      const auto [sum, is_new] = sums.try_emplace(name);
      if (is_new) sum->second = weight.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
      sum->second.add_(change_of(pair, weight), strength);
    }
  }
  merged_.clear();
  for (const auto& [name, sum] : sums) merged_.emplace(name, like(sum, base_->get(name)));
}

at::Tensor MergedTensors::get(const std::string& name) const {
  const auto found = merged_.find(name);
  return found == merged_.end() ? base_->get(name) : found->second;
}

}  // namespace vitrine::models
