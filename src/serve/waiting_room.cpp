#include "serve/waiting_room.h"

#include <sys/socket.h>

#include <algorithm>

namespace vitrine::serve {

/// The socket of who has to go is shut down: its thread sees the end of its input. It is still open
/// then, since its thread leaves before it closes it.
void WaitingRoom::enter(int socket, Clock::time_point since) {
  const std::lock_guard lock(mutex_);
  if (since_.size() >= static_cast<size_t>(places_)) {
    const auto oldest = std::min_element(since_.begin(), since_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    ::shutdown(oldest->first, SHUT_RDWR);
    since_.erase(oldest);
    ++dropped_;
  }
  since_[socket] = since;
}

void WaitingRoom::leave(int socket) {
  const std::lock_guard lock(mutex_);
  since_.erase(socket);
}

int64_t WaitingRoom::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(since_.size());
}

int64_t WaitingRoom::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace vitrine::serve
