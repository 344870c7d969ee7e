#include "serve/login_limit.h"

namespace vitrine::serve {

void LoginLimit::drop_old(store::UtcMillis now) {
  for (auto entry = failures_.begin(); entry != failures_.end();) {
    auto& times = entry->second;
    while (!times.empty() && times.front() <= now - config_.window) times.pop_front();
    entry = times.empty() ? failures_.erase(entry) : std::next(entry);
  }
}

std::optional<store::UtcMillis> LoginLimit::closed_until(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  const auto found = failures_.find(key);
  const auto most = static_cast<size_t>(config_.max_failures);
  if (found == failures_.end() || found->second.size() < most) return std::nullopt;
  return found->second[found->second.size() - most] + config_.window;
}

void LoginLimit::note_failure(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  failures_[key].push_back(now);
}

void LoginLimit::forget(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  failures_.erase(key);
}

}  // namespace vitrine::serve
