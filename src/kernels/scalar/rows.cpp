#include <cmath>
#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::scalar {

void round_bf16(const float* values, size_t count, uint16_t* bits) noexcept {
  for (size_t i = 0; i < count; ++i) {
    uint32_t wide;
    std::memcpy(&wide, &values[i], 4);
    const bool is_nan = (wide & 0x7fffffff) > 0x7f800000;
    bits[i] = static_cast<uint16_t>(is_nan ? wide >> 16 | 0x40 : (wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
  }
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, size_t count, float* y) noexcept {
  const float n = static_cast<float>(count);
  float sum = 0;
  for (size_t i = 0; i < count; ++i) sum += x[i];
  const float mean = sum / n;
  float squares = 0;
  for (size_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / std::sqrt(squares / n + epsilon);
  for (size_t i = 0; i < count; ++i) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

void gelu_new(float* x, size_t count) noexcept {
  constexpr float kRoot = 0.79788456080286536f;  // sqrt(2 / pi)
  for (size_t i = 0; i < count; ++i) {
    x[i] = 0.5f * x[i] * (1.0f + std::tanh(kRoot * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
  }
}

float max_value(const float* x, size_t count) noexcept {
  float max = -INFINITY;
  for (size_t i = 0; i < count; ++i) max = x[i] > max ? x[i] : max;
  return max;
}

float exp_sum(const float* x, size_t count, float shift, float scale, float* probs) noexcept {
  float sum = 0;
  for (size_t i = 0; i < count; ++i) {
    probs[i] = std::exp((x[i] - shift) * scale);
    sum += probs[i];
  }
  return sum;
}

}  // namespace vitrine::kernels::scalar
