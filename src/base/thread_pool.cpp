#include "base/thread_pool.h"

#include <algorithm>
#include <exception>

#include "base/error.h"

namespace vitrine {
namespace {

/// Waking a sleeping thread takes about as long as a small loop runs, so one that has just worked looks for
/// more for some 30 microseconds before it sleeps.
constexpr int kSpins = 2000;

void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

template <typename Condition>
bool spin_until(Condition condition) {
  for (int i = 0; i < kSpins; ++i) {
    if (condition()) return true;
    pause_briefly();
  }
  return condition();
}

}  // namespace

ThreadPool::ThreadPool(int num_threads) {
  VITRINE_REQUIRE(num_threads >= 0, "[ThreadPool] num_threads: expected >= 0, got ", num_threads);
  if (num_threads == 0) num_threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int i = 1; i < num_threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  workers_.clear();  // joins while mutex and conditions still live
}

void ThreadPool::run_piece(int piece_idx) {
  const size_t pieces = static_cast<size_t>(num_threads());
  const size_t begin = count_ * static_cast<size_t>(piece_idx) / pieces;
  const size_t end = count_ * (static_cast<size_t>(piece_idx) + 1) / pieces;
  if (begin == end) return;
  try {
    (*body_)(begin, end);
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    error_ = std::current_exception();
  }
}

void ThreadPool::parallel_for(size_t count, const std::function<void(size_t, size_t)>& body) {
  if (workers_.empty() || count < 2) {
    if (count > 0) body(0, count);
    return;
  }
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    body_ = &body;
    count_ = count;
    pending_ = static_cast<int>(workers_.size());
    error_ = nullptr;
    ++generation_;
    wake = sleeping_ > 0;
  }
  if (wake) start_.notify_all();
  run_piece(0);
  spin_until([this] { return pending_ == 0; });
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return pending_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::work(int worker_idx) {
  uint64_t seen = 0;
  while (true) {
    const auto called = [&] { return stop_ || generation_ != seen; };
    if (!spin_until(called)) {
      std::unique_lock lock(mutex_);
      ++sleeping_;
      start_.wait(lock, called);
      --sleeping_;
    }
    if (stop_) return;
    seen = generation_;
    run_piece(worker_idx);
    if (--pending_ > 0) continue;
    const std::scoped_lock lock(mutex_);  // the caller is either before its wait or in it
    done_.notify_one();
  }
}

}  // namespace vitrine
