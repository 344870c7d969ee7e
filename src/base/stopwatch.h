// base/stopwatch.h - adds the time of a scope to a sum.
#pragma once
#include <chrono>

namespace vitrine {

/// Seconds of the steady clock between two points of a program.
using SteadyClock = std::chrono::steady_clock;

inline double seconds_since(SteadyClock::time_point start) { return std::chrono::duration<double>(SteadyClock::now() - start).count(); }

/// Adds the seconds of its own life to `seconds`, which must outlive it.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += seconds_since(start_); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  SteadyClock::time_point start_ = SteadyClock::now();
};

}  // namespace vitrine
