// kernels/limits.h - what this machine can do at most, measured: the yardstick of benchmarks.
#pragma once
#include <string_view>

#include "base/thread_pool.h"

namespace vitrine::kernels {

/// All threads of a pool together. Operations count a multiply-add as two; 0 = the processor lacks the instruction.
struct MachineLimits {
  double bytes_per_s = 0;  // reading memory far larger than the caches
  double float32 = 0, bfloat16 = 0, int8 = 0;  // operations a second, in registers

  /// Of the instructions that multiply weights of this dtype (int4: int8). 0 for another name.
  double operations_per_s(std::string_view dtype) const;
};

/// Takes about half a second. Each limit is the fastest of many pieces of about a millisecond, so that other programs
/// disturb them as little as what is measured beside them.
MachineLimits measure_limits(ThreadPool& pool);

}  // namespace vitrine::kernels
