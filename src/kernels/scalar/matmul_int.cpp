// Products with integer weights. Compiled without contraction: the order of float operations is part of the result.
#include <cmath>
#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::scalar {
namespace {

constexpr int8_t kCodes[] = {VITRINE_INT4_CODES};

float from_bf16(const uint8_t* bytes) noexcept {
  uint16_t bits;
  std::memcpy(&bits, bytes, 2);
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

float product_int8(const MatmulTask& task, size_t m, size_t n) noexcept {
  const auto* x = static_cast<const uint8_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const int8_t*>(task.weights) + (n / kPanelColumns * task.steps * kPanelColumns + n % kPanelColumns) * 4;
  int32_t sum = 0;
  for (size_t k = 0; k < 4 * task.steps; ++k) sum += (x[k] - 128) * w[k / 4 * kPanelColumns * 4 + k % 4];
  return static_cast<float>(sum) * (task.x_scales[m] * task.w_scales[n]);
}

/// The sum of q * code over one group.
int32_t dot_group(const int8_t* x, const uint8_t* column) noexcept {
  int32_t sum = 0;
  for (size_t k = 0; k < kGroup; ++k) {
    const uint8_t byte = column[k / 8 * 64 + k % 4];
    sum += x[k] * kCodes[k % 8 < 4 ? byte & 15 : byte >> 4];
  }
  return sum;
}

float product_int4(const MatmulTask& task, size_t m, size_t n) noexcept {
  const auto* x = static_cast<const int8_t*>(task.x) + m * task.x_stride;
  const auto* group = static_cast<const uint8_t*>(task.weights) + n / kPanelColumns * task.steps * kInt4GroupBytes;
  const size_t column = n % kPanelColumns;
  const float* x_scales = task.x_scales + m * task.steps;
  float product = 0;
  for (size_t g = 0; g < task.steps; ++g, x += kGroup, group += kInt4GroupBytes) {
    const int32_t sum = dot_group(x, group + 2 * kPanelColumns + column / 16 * 256 + column % 16 * 4);
    product = std::fma(static_cast<float>(sum), x_scales[g] * from_bf16(group + 2 * column), product);
  }
  return product;
}

template <typename Product>
void run(const MatmulTask& task, size_t panel_begin, size_t panel_end, Product product) noexcept {
  const size_t last = panel_end * kPanelColumns < task.N ? panel_end * kPanelColumns : task.N;
  for (size_t m = 0; m < task.M; ++m) {
    for (size_t n = panel_begin * kPanelColumns; n < last; ++n) {
      float& y = task.y[m * task.y_stride + n];
      const float result = product(task, m, n) + task.bias[n];
      y = task.add ? y + result : result;
    }
  }
}

/// The largest |x|, or a value that is not finite when one of x is not.
float largest(const float* x, size_t count) noexcept {
  uint32_t max = 0;
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, &x[i], 4);
    bits &= 0x7fffffff;
    max = bits > max ? bits : max;
  }
  float value;
  std::memcpy(&value, &max, 4);
  return value;
}

struct Scale {
  float scale, inverse;
};

Scale scale_of(float max) noexcept {
  if (max < 0x1p-100f) return {0, 0};
  if (!(max < INFINITY)) return {NAN, 0};
  return {max / 127.0f, 127.0f / max};
}

int32_t quantized(float value, float inverse) noexcept {
  return inverse == 0 ? 0 : static_cast<int32_t>(std::nearbyint(value * inverse));
}

}  // namespace

void matmul_int8(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, product_int8); }

void matmul_int4(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, product_int4); }

float quantize_row(const float* x, size_t count, uint8_t* q) noexcept {
  const Scale scale = scale_of(largest(x, count));
  for (size_t i = 0; i < count; ++i) q[i] = static_cast<uint8_t>(128 + quantized(x[i], scale.inverse));
  return scale.scale;
}

void quantize_groups(const float* x, size_t count, int8_t* q, float* scales, int32_t* sums) noexcept {
  for (size_t first = 0, g = 0; first < count; first += kGroup, ++g) {
    const size_t values = count - first < kGroup ? count - first : kGroup;
    const Scale scale = scale_of(largest(x + first, values));
    int32_t sum = 0;
    for (size_t i = 0; i < kGroup; ++i) {
      const int32_t value = i < values ? quantized(x[first + i], scale.inverse) : 0;
      q[first + i] = static_cast<int8_t>(value);
      sum += value;
    }
    scales[g] = scale.scale;
    sums[g] = -128 * sum;
  }
}

}  // namespace vitrine::kernels::scalar
