// base/progress.h - how far a long job is: a bar on a terminal, a plain line every 10 s elsewhere.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace vitrine {

/// Off (--quiet) for the whole process; on by default.
void set_progress_enabled(bool enabled);

/// Shows "name 120/500 rows  31.2/s  12 s left" on standard error; where the total is not known but
/// the way through the input is, "name 120 rows  24%  31.2/s  12 s left". One thread at a time.
/// Call order: (advance | skip | reach | note)*, finish (or the destructor).
class Progress {
 public:
  /// total: number of units, 0 when unknown; unit: "rows", "steps", …
  Progress(std::string name, uint64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t count = 1);
  /// Units that an earlier run has done: they count as done, but not for rate and time left, which
  /// start anew.
  void skip(uint64_t count);
  /// How far through the input the work is, 0..1; before the advance or skip that it belongs to.
  void reach(double fraction) { fraction_ = fraction; }
  void note(std::string text);  // shown behind the rate, such as "loss 3.21"
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void show(bool last);
  void show_if_due();
  double seconds_left(double rate) const;  // < 0 when not known

  std::string name_;
  uint64_t total_;
  std::string unit_;
  std::string note_;
  uint64_t done_ = 0, skipped_ = 0;
  double fraction_ = 0, skipped_fraction_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point work_start_ = start_;  // behind what was skipped
  Clock::time_point shown_ = start_;
  bool terminal_;
  bool finished_ = false;
};

}  // namespace vitrine
