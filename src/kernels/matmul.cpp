#include "kernels/matmul.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "kernels/rows.h"

namespace vitrine::kernels {
namespace {

/// Below this many multiplications waking the other threads costs more than it saves.
constexpr size_t kMinThreadedWork = 300'000;
/// The same for values to be rounded.
constexpr size_t kMinThreadedValues = 100'000;

/// Calls convert(m) for all rows.
template <typename Convert>
void convert_rows(ThreadPool& pool, const MatmulTask& task, Convert convert) {
  const auto run = [&](size_t begin, size_t end) {
    for (size_t m = begin; m < end; ++m) convert(m);
  };
  if (task.M * task.K < kMinThreadedValues) return run(0, task.M);
  pool.parallel_for(task.M, run);
}

/// M rows of `values` numbers in the scratch, as the x of the task.
template <typename T>
T* take_rows(MatmulTask& task, size_t values, MatmulScratch& scratch) {
  scratch.x.reserve(task.M * values * sizeof(T));
  task.x = scratch.x.data();
  task.x_stride = values;
  return reinterpret_cast<T*>(scratch.x.data());
}

void round_to_bf16(const KernelTable& table, ThreadPool& pool, const float* x, size_t x_stride, MatmulScratch& scratch, MatmulTask& task) {
  const size_t stride = 2 * task.steps;
  auto* rounded = take_rows<uint16_t>(task, stride, scratch);
  convert_rows(pool, task, [&](size_t m) {
    table.round_bf16(x + m * x_stride, task.K, rounded + m * stride);
    std::fill(rounded + m * stride + task.K, rounded + (m + 1) * stride, uint16_t{0});
  });
}

void quantize_to_int8(const KernelTable& table, ThreadPool& pool, const float* x, size_t x_stride, MatmulScratch& scratch, MatmulTask& task) {
  const size_t stride = 4 * task.steps;
  auto* q = take_rows<uint8_t>(task, stride, scratch);
  scratch.scales.reserve(task.M);
  task.x_scales = scratch.scales.data();
  convert_rows(pool, task, [&](size_t m) {
    scratch.scales.data()[m] = table.quantize_row(x + m * x_stride, task.K, q + m * stride);
    std::fill(q + m * stride + task.K, q + (m + 1) * stride, uint8_t{128});
  });
}

void quantize_for_int4(const KernelTable& table, ThreadPool& pool, const float* x, size_t x_stride, MatmulScratch& scratch, MatmulTask& task) {
  const size_t stride = kGroup * task.steps;
  auto* q = take_rows<int8_t>(task, stride, scratch);
  scratch.scales.reserve(task.M * task.steps);
  scratch.sums.reserve(task.M * task.steps);
  task.x_scales = scratch.scales.data();
  task.x_sums = scratch.sums.data();
  convert_rows(pool, task, [&](size_t m) {
    table.quantize_groups(x + m * x_stride, task.K, q + m * stride, scratch.scales.data() + m * task.steps,
                          scratch.sums.data() + m * task.steps);
  });
}

void activate_columns(const KernelTable& table, const MatmulTask& task, Activation activation, size_t begin, size_t end) {
  if (activation == Activation::none) return;
  for (size_t m = 0; m < task.M; ++m) activate(table, activation, {task.y + m * task.y_stride + begin, end - begin});
}

}  // namespace

void matmul(const KernelTable& table, ThreadPool& pool, const PackedMatrix& weights, size_t M, const float* x, size_t x_stride, float* y,
            size_t y_stride, MatmulScratch& scratch, const MatmulOptions& options) {
  VITRINE_REQUIRE(M <= 1 || (x_stride >= weights.K() && y_stride >= weights.N()), "[matmul] strides: expected at least ", weights.K(),
                  " and ", weights.N(), ", got ", x_stride, " and ", y_stride);
  MatmulTask task{x, x_stride, weights.data(), weights.bias(), y, y_stride, M, weights.K(), weights.N(), weights.steps(), options.add,
                  nullptr, nullptr, weights.column_scales(), weights.column_sums()};
  auto product = table.matmul_f32;
  switch (weights.type()) {
    case WeightType::float32: break;
    case WeightType::bfloat16:
      product = table.matmul_bf16;
      round_to_bf16(table, pool, x, x_stride, scratch, task);
      break;
    case WeightType::int8:
      product = table.matmul_int8;
      quantize_to_int8(table, pool, x, x_stride, scratch, task);
      break;
    case WeightType::int4:
      product = table.matmul_int4;
      quantize_for_int4(table, pool, x, x_stride, scratch, task);
      break;
  }
  const auto run = [&](size_t begin, size_t end) {
    product(task, begin, end);
    activate_columns(table, task, options.activation, begin * kPanelColumns, std::min(end * kPanelColumns, task.N));
  };
  if (M * task.K * task.N < kMinThreadedWork) return run(0, weights.num_panels());
  pool.parallel_for(weights.num_panels(), run);
}

}  // namespace vitrine::kernels
