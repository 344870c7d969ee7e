#include "train/compute_type.h"

#include <ATen/cpu/Utils.h>
#include <ATen/core/Tensor.h>

namespace vitrine::train {

models::ComputeType compute_type(const std::string& dtype, const at::Tensor& parameters) {
  if (dtype == "float32") return models::ComputeType::float32;
  if (dtype == "bfloat16" || !parameters.is_cpu()) return models::ComputeType::bfloat16;
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16") ? models::ComputeType::bfloat16 : models::ComputeType::float32;
}

const char* name_of(models::ComputeType type) { return type == models::ComputeType::float32 ? "float32" : "bfloat16"; }

}  // namespace vitrine::train
