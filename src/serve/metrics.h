// serve/metrics.h - what the server counts of its requests, as Prometheus reads it.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace vitrine::serve {

/// Lines of the text format 0.0.4, metric by metric.
class MetricText {
 public:
  /// type: counter | gauge | histogram.
  void begin(std::string_view name, std::string_view type, std::string_view help);
  /// labels: pairs of name and value.
  void add(std::string_view name,
           std::initializer_list<std::pair<std::string_view, std::string_view>> labels, double value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Counts of requests and the time that they took. Thread-safe.
class RequestMetrics {
 public:
  void note(std::string_view operation, int status, double seconds);
  void write(MetricText& text) const;

 private:
  static constexpr std::array<double, 10> kBounds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};
  struct Times {
    std::array<int64_t, kBounds.size()> up_to{};  // requests that took at most so long
    int64_t count = 0;
    double sum_s = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, int64_t> requests_;  // by operation and status
  std::map<std::string, Times> times_;                       // by operation
};

}  // namespace vitrine::serve
