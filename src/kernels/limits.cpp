#include "kernels/limits.h"

#include <algorithm>

#include "base/stopwatch.h"
#include "kernels/aligned_buffer.h"
#include "kernels/limit_loops.h"

namespace vitrine::kernels {
namespace {

template <typename Body>
double fastest(int rounds, Body body) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto start = SteadyClock::now();
    body();
    best = std::min(best, seconds_since(start));
  }
  return best;
}

double register_limit(ThreadPool& pool, double (*run)(size_t)) {
  constexpr size_t kRounds = 40'000;
  const auto threads = static_cast<size_t>(pool.num_threads());
  const double operations = run(1000) / 1000 * kRounds * static_cast<double>(threads);
  return operations / fastest(50, [&] { pool.parallel_for(threads, [&](size_t, size_t) { run(kRounds); }); });
}

double read_limit(ThreadPool& pool) {
  constexpr size_t kMemory = size_t{256} << 20, kPiece = size_t{32} << 20, kPart = size_t{64} << 10;
  const AlignedBuffer<char> memory(kMemory);
  volatile int sink = 0;
  size_t offset = 0;
  const double best = fastest(50, [&] {
    pool.parallel_for(kPiece / kPart, [&](size_t begin, size_t end) {
      sink = read_all(memory.data() + offset + begin * kPart, (end - begin) * kPart);
    });
    offset = (offset + kPiece) % kMemory;
  });
  return static_cast<double>(kPiece) / best;
}

}  // namespace

double MachineLimits::operations_per_s(std::string_view dtype) const {
  if (dtype == "float32") return float32;
  if (dtype == "bfloat16") return bfloat16;
  return dtype == "int8" || dtype == "int4" ? int8 : 0;
}

MachineLimits measure_limits(ThreadPool& pool) {
  return {read_limit(pool), register_limit(pool, run_f32_registers), register_limit(pool, run_bf16_registers),
          register_limit(pool, run_int8_registers)};
}

}  // namespace vitrine::kernels
