#include "serve/rate_limit.h"

namespace vitrine::serve {

void RateLimit::drop_old(store::UtcMillis now) {
  for (auto entry = events_.begin(); entry != events_.end();) {
    auto& times = entry->second;
    while (!times.empty() && times.front() <= now - config_.window) times.pop_front();
    entry = times.empty() ? events_.erase(entry) : std::next(entry);
  }
}

std::optional<store::UtcMillis> RateLimit::closed_until(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  const auto found = events_.find(key);
  const auto most = static_cast<size_t>(config_.max_events);
  if (found == events_.end() || found->second.size() < most) return std::nullopt;
  return found->second[found->second.size() - most] + config_.window;
}

void RateLimit::note(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  drop_old(now);
  events_[key].push_back(now);
}

void RateLimit::forget(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  events_.erase(key);
}

}  // namespace vitrine::serve
