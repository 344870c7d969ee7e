// serve/rate_limit.h - how often somebody may do something: fail to sign in, ask for a completion.
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "store/value.h"

namespace vitrine::serve {

struct RateLimitConfig {
  int max_events = 5;  // of a key within the window
  std::chrono::milliseconds window = std::chrono::minutes(15);
};

/// Events of the last minutes by key (a name, an address), in memory. Thread-safe.
class RateLimit {
 public:
  explicit RateLimit(RateLimitConfig config = {}) : config_(config) {}

  /// When the key may try again; nothing = now.
  std::optional<store::UtcMillis> closed_until(const std::string& key, store::UtcMillis now);
  void note(const std::string& key, store::UtcMillis now);
  /// After a success: the key begins anew.
  void forget(const std::string& key);
  /// Keys that are remembered: those of the last two windows at most.
  size_t size() const;

 private:
  using Times = std::deque<store::UtcMillis>;  // oldest first
  void drop_old(Times& times, store::UtcMillis now) const;
  void sweep(store::UtcMillis now);

  const RateLimitConfig config_;
  mutable std::mutex mutex_;
  store::UtcMillis swept_at_{};
  std::map<std::string, Times> events_;
};

}  // namespace vitrine::serve
