#include "kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/matmul.h"

namespace vitrine::kernels {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr size_t kSumPart = 1024;  // float32 sums stay this short

/// probs = exp((logits - max) / temperature); returns the sum.
double exp_parts(const KernelTable& table, std::span<const float> logits, float max, float scale, float* probs) {
  double sum = 0;
  for (size_t begin = 0; begin < logits.size(); begin += kSumPart) {
    const size_t count = std::min(kSumPart, logits.size() - begin);
    sum += static_cast<double>(table.exp_sum(logits.data() + begin, count, max, scale, probs + begin));
  }
  return sum;
}

}  // namespace

void layer_norm(const KernelTable& table, std::span<const float> x, std::span<const float> weight, std::span<const float> bias,
                double epsilon, std::span<float> y) {
  const size_t C = weight.size();
  VITRINE_REQUIRE(C >= 1 && bias.size() == C && x.size() == y.size() && x.size() % C == 0, "[layer_norm] sizes do not fit: x ", x.size(),
                  ", y ", y.size(), ", weight ", C, ", bias ", bias.size());
  for (size_t begin = 0; begin < x.size(); begin += C) {
    table.layer_norm(x.data() + begin, weight.data(), bias.data(), static_cast<float>(epsilon), C, y.data() + begin);
  }
}

void activate(const KernelTable& table, Activation activation, std::span<float> x) noexcept {
  switch (activation) {
    case Activation::none: return;
    case Activation::gelu_new: return table.gelu_new(x.data(), x.size());
    case Activation::gelu:
      for (float& value : x) value = 0.5f * value * (1.0f + std::erf(value * 0.70710678f));
      return;
    case Activation::relu:
      for (float& value : x) value = std::max(value, 0.0f);
      return;
  }
}

double exp_sum(const KernelTable& table, std::span<const float> logits, float max, double temperature, std::span<float> probs) {
  return exp_parts(table, logits, max, static_cast<float>(1 / temperature), probs.data());
}

bool softmax(const KernelTable& table, std::span<const float> logits, double temperature, std::span<float> probs) {
  VITRINE_REQUIRE(logits.size() == probs.size(), "[softmax] expected ", logits.size(), " places, got ", probs.size());
  VITRINE_REQUIRE(temperature > 0, "[softmax] temperature: expected > 0, got ", temperature);
  const float max = table.max_value(logits.data(), logits.size());
  if (max == kMasked) {
    std::fill(probs.begin(), probs.end(), 0.0f);
    return false;
  }
  const double sum = exp_parts(table, logits, max, static_cast<float>(1 / temperature), probs.data());
  const auto scale = static_cast<float>(1 / sum);
  for (float& p : probs) p *= scale;
  return true;
}

double log_sum_exp(const KernelTable& table, std::span<const float> logits, std::span<float> scratch) {
  VITRINE_REQUIRE(scratch.size() >= logits.size(), "[log_sum_exp] scratch: expected ", logits.size(), " places, got ", scratch.size());
  const float max = table.max_value(logits.data(), logits.size());
  if (max == kMasked) return kMasked;
  return static_cast<double>(max) + std::log(exp_parts(table, logits, max, 1.0f, scratch.data()));
}

int32_t argmax(const KernelTable& table, std::span<const float> values) noexcept {
  const float max = table.max_value(values.data(), values.size());
  if (max == kMasked) return -1;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == max) return static_cast<int32_t>(i);
  }
  return -1;
}

}  // namespace vitrine::kernels
