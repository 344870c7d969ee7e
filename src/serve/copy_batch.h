// serve/copy_batch.h - one running batch on a copy model's decoder, for many callers.
//
// A thread of its own owns the decoder. It asks for the next text between two token steps, so texts
// of all callers join and leave the batch while it runs. Callers wait in sample, where they are told
// what became of their texts, in their own threads.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "copywriting/copy_sampler.h"

namespace vitrine::serve {

struct CopyBatchStats {
  int64_t copies = 0, tokens = 0;    // written since the start
  int64_t drawn = 0;                 // tokens that the decoder drew for these
  int64_t waiting = 0, running = 0;  // texts, now
};

/// Thread-safe.
class CopyBatch : private copywriting::CopyTaskQueue {
 public:
  /// `model` must outlive it; nobody else uses its decoder meanwhile.
  explicit CopyBatch(const copywriting::CopyModel& model);
  /// Callers inside sample get Cancelled; they must be gone before the object is.
  ~CopyBatch() override;

  /// How a caller stands among the others.
  struct Caller {
    int priority = 0;  // texts of higher ones join first, then by time of coming
    std::function<bool()> is_cancelled = {};  // asked every few milliseconds; may be empty
  };
  /// As copywriting::sample_copies; blocks until all are written. A text depends on its task alone,
  /// bit for bit. Throws Cancelled, what `watch` throws, and what broke the batch.
  /// REQUIRES: no beams.
  void sample(std::vector<copywriting::CopyTask> tasks,
              const copywriting::CopySamplerConfig& config, const copywriting::SampleWatch& watch,
              const Caller& caller);

  CopyBatchStats stats() const;

 private:
  /// What a caller is told next.
  struct News {
    std::map<size_t, std::string> texts;  // the newest of each task
    std::vector<std::pair<size_t, copywriting::SampledCopy>> copies;
    std::exception_ptr error;
  };
  /// A caller inside sample. Its tasks keep their numbers in the caller's list.
  struct Call {
    std::shared_ptr<const copywriting::CopySamplerConfig> config;
    int priority;
    bool wants_text;
    std::deque<std::pair<size_t, copywriting::CopyTask>> waiting = {};
    size_t running = 0;  // tasks in the batch
    bool is_over = false;  // gives up what it has
    News news = {};
    std::condition_variable changed = {};
  };
  class Membership;
  struct Place {
    Call* call;
    size_t task_idx;  // in the caller's list
    std::chrono::steady_clock::time_point told_at = {};  // when its text was told last
  };

  std::optional<Next> next() override;
  bool is_wanted(size_t task_idx) override;
  bool wants_text_now(size_t task_idx) override;
  void grown(size_t task_idx, std::string text) override;
  void done(size_t task_idx, copywriting::SampledCopy copy) override;
  void work();
  bool wait_for_tasks();
  void fail_all(const std::exception_ptr& error);
  void enter(Call& call);
  void leave(Call& call);
  void wait(Call& call, size_t task_idx, copywriting::CopyTask task);
  News news_of(Call& call);

  const copywriting::CopyModel& model_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable has_tasks_;
  std::list<Call*> calls_;  // by priority, then by time of coming
  std::unordered_map<size_t, Place> running_;  // by number in the batch
  size_t num_begun_ = 0;                       // in the present run of the batch
  bool is_stopping_ = false;
  CopyBatchStats stats_;
  std::jthread thread_;  // last, so that all is there when it begins
};

}  // namespace vitrine::serve
