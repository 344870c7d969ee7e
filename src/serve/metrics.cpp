#include "serve/metrics.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace vitrine::serve {
namespace {

/// All digits of whole numbers, else the shortest that reads back as the same.
std::string digits(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  std::array<char, 400> text{};  // the largest double has 309 digits
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

}  // namespace

void MetricText::begin(std::string_view name, std::string_view type, std::string_view help) {
  text_ += concat("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
}

void MetricText::add(std::string_view name,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
                     double value) {
  text_ += name;
  const char* before = "{";
  for (const auto& [label, word] : labels) {
    text_ += concat(before, label, "=\"", word, "\"");
    before = ",";
  }
  if (labels.size() > 0) text_ += '}';
  text_ += " " + digits(value) + "\n";
}

void RequestMetrics::note(std::string_view operation, int status, double seconds) {
  const std::scoped_lock lock(mutex_);
  ++requests_[{std::string(operation), status}];
  Times& times = times_[std::string(operation)];
  for (size_t i = 0; i < kBounds.size(); ++i) times.up_to[i] += seconds <= kBounds[i];
  ++times.count;
  times.sum_s += seconds;
}

void RequestMetrics::write(MetricText& text) const {
  constexpr std::string_view kSeconds = "vitrine_http_request_seconds";
  const std::scoped_lock lock(mutex_);
  text.begin("vitrine_http_requests_total", "counter", "requests by operation and status");
  for (const auto& [key, count] : requests_) {
    text.add("vitrine_http_requests_total",
             {{"operation", key.first}, {"status", std::to_string(key.second)}},
             static_cast<double>(count));
  }
  text.begin(kSeconds, "histogram", "time from the request's head to its answer");
  for (const auto& [operation, times] : times_) {
    const std::string buckets = concat(kSeconds, "_bucket");
    for (size_t i = 0; i < kBounds.size(); ++i) {
      text.add(buckets, {{"operation", operation}, {"le", concat(kBounds[i])}},
               static_cast<double>(times.up_to[i]));
    }
    text.add(buckets, {{"operation", operation}, {"le", "+Inf"}}, static_cast<double>(times.count));
    text.add(concat(kSeconds, "_sum"), {{"operation", operation}}, times.sum_s);
    text.add(concat(kSeconds, "_count"), {{"operation", operation}}, static_cast<double>(times.count));
  }
}

}  // namespace vitrine::serve
