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

/// Seconds of a product of the size of a small model's layers.
double product_seconds(const at::Tensor& a) {
  const auto start = SteadyClock::now();
  at::mm(a, a);
  return seconds_since(start);
}

/// The least of many tries by turns: other work on the machine slows some of either.
bool bfloat16_is_faster() {
  const at::NoGradGuard no_grad;
  if (!multiplies_bfloat16()) return false;
  constexpr int64_t n = 384;
  constexpr int kTries = 25;
  const at::Tensor single = at::ones({n, n}, at::kFloat), half = single.to(at::kBFloat16);
  double single_s = 1e30, half_s = 1e30;
  for (int i = 0; i < kTries; ++i) {
    single_s = std::min(single_s, product_seconds(single));
    half_s = std::min(half_s, product_seconds(half));
  }
  return half_s < single_s;
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
