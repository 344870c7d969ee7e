// kernels/matmul.h - rows times a packed weight matrix, on a thread pool.
#pragma once
#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"
#include "kernels/packed_matrix.h"

namespace vitrine::kernels {

enum class Activation { none, gelu_new, gelu, relu };

/// Memory that matmul keeps between calls of one caller; it grows to the largest call and is then allocated no more.
struct MatmulScratch {
  AlignedBuffer<std::byte> x;
  AlignedBuffer<float> scales;
  AlignedBuffer<int32_t> sums;
};

struct MatmulOptions {
  bool add = false;  // add to what y holds
  Activation activation = Activation::none;
};

/// y = activation((add ? y : 0) + x W^T + bias) for M rows.
///   x  [M, K] float32, rows x_stride apart
///   y  [M, N] float32, rows y_stride apart; not x
/// x is first rounded to what meets the weights, with Q(k) the largest |x| of
///   bfloat16  bfloat16
///   int8      8 bits a row: off by at most Q / 254, Q over the row
///   int4      8 bits a group of 32: off by at most Q / 254, Q over the group
/// and beyond that y is off by rounding errors of float32 sums alone: int8 has exact sums and is off by at most 3 roundings,
/// int4 by one for each group. What the weights lost is said at WeightType.
/// Row m of y depends on row m of x alone, bit for bit: not on M, on its place or on the number of threads.
/// int8 and int4 give the same bits on all instruction sets; of the others sums run in one order for each set.
/// A row of x with NaN or infinity: NaN in all of y's row for int8 and int4 (int4: of finite numbers also), else as in float32.
/// Throws InvalidInput when a stride is too small.
void matmul(const KernelTable& table, ThreadPool& pool, const PackedMatrix& weights, size_t M, const float* x, size_t x_stride, float* y,
            size_t y_stride, MatmulScratch& scratch, const MatmulOptions& options = {});

}  // namespace vitrine::kernels
