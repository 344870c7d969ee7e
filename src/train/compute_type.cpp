#include "train/compute_type.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>

#include "base/stopwatch.h"

namespace vitrine::train {
namespace {

bool multiplies_bfloat16() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16");
}

/// Least seconds of a product of the size of a small model's layers.
double product_seconds(at::ScalarType dtype) {
  constexpr int64_t n = 512;
  constexpr int kTries = 5;
  const at::Tensor a = at::ones({n, n}, dtype);
  at::mm(a, a);
  double least = 1e30;
  for (int i = 0; i < kTries; ++i) {
    const auto start = SteadyClock::now();
    at::mm(a, a);
    least = std::min(least, seconds_since(start));
  }
  return least;
}

bool bfloat16_is_faster() {
  const at::NoGradGuard no_grad;
  return multiplies_bfloat16() && product_seconds(at::kBFloat16) < product_seconds(at::kFloat);
}

}  // namespace

models::ComputeType compute_type(const std::string& dtype, const at::Tensor& parameters) {
  if (dtype == "float32") return models::ComputeType::float32;
  if (dtype == "bfloat16" || !parameters.is_cpu()) return models::ComputeType::bfloat16;
  static const bool faster = bfloat16_is_faster();
  return faster ? models::ComputeType::bfloat16 : models::ComputeType::float32;
}

const char* name_of(models::ComputeType type) { return type == models::ComputeType::float32 ? "float32" : "bfloat16"; }

}  // namespace vitrine::train
