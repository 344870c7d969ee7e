#include "nn/parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#ifndef _OPENMP
#error "compile this file with OpenMP, or every loop runs on one thread"
#endif

namespace vitrine::nn {

void parallel_for(int64_t begin, int64_t end, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  at::parallel_for(begin, end, grain, body);
}

void parallel_tasks(int64_t count, const std::function<void(const NextTask& next)>& body) {
  std::atomic<int64_t> started = 0;
  const NextTask next = [&] { return std::min(count, started.fetch_add(1)); };
  const int64_t threads = std::min<int64_t>(count, at::get_num_threads());
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) { body(next); });
}

}  // namespace vitrine::nn
