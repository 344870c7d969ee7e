#include "serve/rate_limit.h"

namespace vitrine::serve {

void RateLimit::drop_old(Times& times, store::UtcMillis now) const {
  while (!times.empty() && times.front() <= now - config_.window) times.pop_front();
}

/// All keys once a window, so that a request looks at its own alone.
void RateLimit::sweep(store::UtcMillis now) {
  if (now - swept_at_ < config_.window) return;
  swept_at_ = now;
  for (auto entry = events_.begin(); entry != events_.end();) {
    drop_old(entry->second, now);
    entry = entry->second.empty() ? events_.erase(entry) : std::next(entry);
  }
}

std::optional<store::UtcMillis> RateLimit::closed_until(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  const auto found = events_.find(key);
  if (found == events_.end()) return std::nullopt;
  const Times& times = found->second;
  drop_old(found->second, now);
  const auto most = static_cast<size_t>(config_.max_events);
  if (times.size() < most) return std::nullopt;
  return times[times.size() - most] + config_.window;
}

void RateLimit::note(const std::string& key, store::UtcMillis now) {
  const std::scoped_lock lock(mutex_);
  sweep(now);
  drop_old(events_[key], now);
  events_[key].push_back(now);
}

void RateLimit::forget(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  events_.erase(key);
}

size_t RateLimit::size() const {
  const std::scoped_lock lock(mutex_);
  return events_.size();
}

}  // namespace vitrine::serve
