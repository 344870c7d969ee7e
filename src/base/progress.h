// base/progress.h - how far a long job is: a bar on a terminal, a plain line every 10 s elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace vitrine {

/// Off (--quiet) for the whole process; on by default.
void set_progress_enabled(bool enabled);

/// Shows "name 120/500 24% 31.2/s 12 s left" on standard error. One thread at a time.
/// Call order: (advance | note)*, finish (or the destructor).
class Progress {
 public:
  /// total: number of units, 0 when unknown; unit: "rows", "steps", …
  Progress(std::string name, uint64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t count = 1);
  void note(std::string text);  // shown behind the rate, such as "loss 3.21"
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void show(bool last);

  std::string name_;
  uint64_t total_;
  std::string unit_;
  std::string note_;
  uint64_t done_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  bool terminal_;
  bool finished_ = false;
};

}  // namespace vitrine
