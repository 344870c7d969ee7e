// serve/login_limit.h - how often somebody may fail to sign in.
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "store/value.h"

namespace vitrine::serve {

struct LoginLimitConfig {
  int max_failures = 5;  // of a name, and of an address
  std::chrono::milliseconds window = std::chrono::minutes(15);
};

/// Failures of the last minutes by key (a name, an address), in memory. Thread-safe.
class LoginLimit {
 public:
  explicit LoginLimit(LoginLimitConfig config = {}) : config_(config) {}

  /// When the key may try again; nothing = now.
  std::optional<store::UtcMillis> closed_until(const std::string& key, store::UtcMillis now);
  void note_failure(const std::string& key, store::UtcMillis now);
  /// After a success: the key begins anew.
  void forget(const std::string& key);

 private:
  void drop_old(store::UtcMillis now);

  const LoginLimitConfig config_;
  std::mutex mutex_;
  std::map<std::string, std::deque<store::UtcMillis>> failures_;  // oldest first
};

}  // namespace vitrine::serve
