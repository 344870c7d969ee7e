#include "kernels/matmul.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "kernels/rows.h"

namespace vitrine::kernels {
namespace {

/// Below this many multiplications waking the other threads costs more than it saves.
constexpr size_t kMinThreadedWork = 300'000;

size_t even(size_t K) { return (K + 1) / 2 * 2; }

/// x rounded to bfloat16, rows even(K) apart, the odd place 0.
const uint16_t* round_rows(const KernelTable& table, size_t M, size_t K, const float* x, size_t x_stride, MatmulScratch& scratch) {
  const size_t stride = even(K);
  scratch.x_bf16.reserve(M * stride);
  for (size_t m = 0; m < M; ++m) {
    uint16_t* row = scratch.x_bf16.data() + m * stride;
    row[stride - 1] = 0;
    table.round_bf16(x + m * x_stride, K, row);
  }
  return scratch.x_bf16.data();
}

void activate_columns(const KernelTable& table, const MatmulTask& task, Activation activation, size_t begin, size_t end) {
  if (activation == Activation::none) return;
  for (size_t m = 0; m < task.M; ++m) activate(table, activation, {task.y + m * task.y_stride + begin, end - begin});
}

}  // namespace

PackedMatrix::PackedMatrix(size_t K, size_t N, std::span<const float> bias, WeightType type) : K_(K), N_(N), type_(type) {
  VITRINE_REQUIRE(K >= 1 && N >= 1, "[PackedMatrix] expected K, N >= 1, got ", K, ", ", N);
  VITRINE_REQUIRE(bias.empty() || bias.size() == N, "[PackedMatrix] bias: expected ", N, " values, got ", bias.size());
  const size_t columns = num_panels() * kPanelColumns;
  values_ = AlignedBuffer<std::byte>(type == WeightType::float32 ? K * columns * 4 : even(K) * columns * 2);
  bias_ = AlignedBuffer<float>(columns);
  std::copy(bias.begin(), bias.end(), bias_.data());
}

void PackedMatrix::pack_panel(std::span<const float> weights, size_t k_stride, size_t n_stride, size_t panel_idx) {
  const size_t first = panel_idx * kPanelColumns;
  const size_t columns = std::min(kPanelColumns, N_ - first);
  float* panel_f32 = reinterpret_cast<float*>(values_.data()) + panel_idx * K_ * kPanelColumns;
  uint16_t* panel_bf16 = reinterpret_cast<uint16_t*>(values_.data()) + panel_idx * even(K_) * kPanelColumns;
  const KernelTable& scalar = kernel_table(Isa::scalar);
  for (size_t k = 0; k < K_; ++k) {
    for (size_t n = 0; n < columns; ++n) {
      const float* value = &weights[k * k_stride + (first + n) * n_stride];
      if (type_ == WeightType::float32) {
        panel_f32[k * kPanelColumns + n] = *value;
      } else {
        scalar.round_bf16(value, 1, &panel_bf16[(k / 2 * kPanelColumns + n) * 2 + k % 2]);
      }
    }
  }
}

void PackedMatrix::pack(std::span<const float> weights, size_t k_stride, size_t n_stride, ThreadPool& pool) {
  VITRINE_REQUIRE(weights.size() == K_ * N_, "[PackedMatrix] weights: expected ", K_, " * ", N_, " values, got ", weights.size());
  pool.parallel_for(num_panels(), [&](size_t begin, size_t end) {
    for (size_t panel_idx = begin; panel_idx < end; ++panel_idx) pack_panel(weights, k_stride, n_stride, panel_idx);
  });
}

PackedMatrix PackedMatrix::from_in_out(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                       ThreadPool& pool) {
  PackedMatrix matrix(K, N, bias, type);
  matrix.pack(weights, N, 1, pool);
  return matrix;
}

PackedMatrix PackedMatrix::from_out_in(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                       ThreadPool& pool) {
  PackedMatrix matrix(K, N, bias, type);
  matrix.pack(weights, 1, K, pool);
  return matrix;
}

void matmul(const KernelTable& table, ThreadPool& pool, const PackedMatrix& weights, size_t M, const float* x, size_t x_stride, float* y,
            size_t y_stride, MatmulScratch& scratch, const MatmulOptions& options) {
  VITRINE_REQUIRE(M <= 1 || (x_stride >= weights.K() && y_stride >= weights.N()), "[matmul] strides: expected at least ", weights.K(),
                  " and ", weights.N(), ", got ", x_stride, " and ", y_stride);
  const bool bf16 = weights.type() == WeightType::bfloat16;
  MatmulTask task{x, x_stride, weights.data(), weights.bias(), y, y_stride, M, weights.K(), weights.N(), options.add};
  if (bf16) {
    task.x = round_rows(table, M, weights.K(), x, x_stride, scratch);
    task.x_stride = even(weights.K());
  }
  const auto run = [&](size_t begin, size_t end) {
    (bf16 ? table.matmul_bf16 : table.matmul_f32)(task, begin, end);
    activate_columns(table, task, options.activation, begin * kPanelColumns, std::min(end * kPanelColumns, task.N));
  };
  if (M * task.K * task.N < kMinThreadedWork) return run(0, weights.num_panels());
  pool.parallel_for(weights.num_panels(), run);
}

}  // namespace vitrine::kernels
