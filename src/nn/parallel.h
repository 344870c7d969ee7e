// nn/parallel.h - loops on libtorch's own threads.
//
// at::parallel_for is a template that runs on one thread in files compiled without OpenMP. parallel.cpp is
// compiled with it; all others call the functions here.
#pragma once
#include <cstdint>
#include <functional>

namespace vitrine::nn {

/// Calls body(begin, end) on ranges that cover [begin, end), each of at least `grain` where possible.
/// One range per thread; which thread gets which range is fixed. Not nested.
void parallel_for(int64_t begin, int64_t end, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

/// For tasks of uneven size: each thread makes a state of its own by `body` and asks `next` for task
/// after task, 0 .. count - 1 in order, until it gets count. Results must not depend on who does what.
using NextTask = std::function<int64_t()>;
void parallel_tasks(int64_t count, const std::function<void(const NextTask& next)>& body);

}  // namespace vitrine::nn
