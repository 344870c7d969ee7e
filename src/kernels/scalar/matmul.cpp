#include <cstring>

#include "kernels/table.h"

namespace vitrine::kernels::scalar {
namespace {

float from_bf16(uint16_t bits) noexcept {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

float dot_f32(const MatmulTask& task, size_t m, size_t n) noexcept {
  const float* x = static_cast<const float*>(task.x) + m * task.x_stride;
  const float* w = static_cast<const float*>(task.weights) + n / kPanelColumns * task.K * kPanelColumns + n % kPanelColumns;
  float sum = 0;
  for (size_t k = 0; k < task.K; ++k) sum += x[k] * w[k * kPanelColumns];
  return sum;
}

float dot_bf16(const MatmulTask& task, size_t m, size_t n) noexcept {
  const size_t pairs = task.steps;
  const auto* x = static_cast<const uint16_t*>(task.x) + m * task.x_stride;
  const auto* w = static_cast<const uint16_t*>(task.weights) + (n / kPanelColumns * pairs * kPanelColumns + n % kPanelColumns) * 2;
  float sum = 0;
  for (size_t k = 0; k < task.K; ++k) sum += from_bf16(x[k]) * from_bf16(w[k / 2 * kPanelColumns * 2 + k % 2]);
  return sum;
}

template <typename Dot>
void run(const MatmulTask& task, size_t panel_begin, size_t panel_end, Dot dot) noexcept {
  const size_t last = panel_end * kPanelColumns < task.N ? panel_end * kPanelColumns : task.N;
  for (size_t m = 0; m < task.M; ++m) {
    for (size_t n = panel_begin * kPanelColumns; n < last; ++n) {
      float& y = task.y[m * task.y_stride + n];
      y = (task.add ? y : 0.0f) + (dot(task, m, n) + task.bias[n]);
    }
  }
}

}  // namespace

void matmul_f32(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, dot_f32); }

void matmul_bf16(const MatmulTask& task, size_t panel_begin, size_t panel_end) noexcept { run(task, panel_begin, panel_end, dot_bf16); }

}  // namespace vitrine::kernels::scalar
