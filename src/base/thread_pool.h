// base/thread_pool.h - a fixed set of threads that run one loop in pieces.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vitrine {

/// parallel_for blocks until all pieces are done; the calling thread works too.
/// One caller at a time; pieces must not call parallel_for of the same pool.
class ThreadPool {
 public:
  /// num_threads >= 1, the caller included; 0 = all cores.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(begin, end) on ranges that cover [0, count). An exception of a piece is rethrown.
  void parallel_for(size_t count, const std::function<void(size_t, size_t)>& body);

 private:
  void work(int worker_idx);
  void run_piece(int piece_idx);

  std::vector<std::jthread> workers_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  const std::function<void(size_t, size_t)>* body_ = nullptr;
  size_t count_ = 0;
  std::atomic<uint64_t> generation_ = 0;  // number of the loop that runs
  std::atomic<int> pending_ = 0;          // workers that have not finished it
  std::atomic<bool> stop_ = false;
  int sleeping_ = 0;  // workers that wait for start_
  std::exception_ptr error_;
};

}  // namespace vitrine
