// serve/waiting_room.h - connections that a thread waits for: nothing has come of their next request
// yet, or not all of it.
//
// A thread serves a connection, so that clients who send slowly, or nothing, could hold all threads.
// Only so many may be waited for: one more, and the one that is waited for longest goes. A client that
// sends its request at once is hardly ever here.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>

namespace vitrine::serve {

/// Thread-safe.
class WaitingRoom {
 public:
  using Clock = std::chrono::steady_clock;

  /// REQUIRES: places >= 1.
  explicit WaitingRoom(int places) : places_(places) {}

  /// In the room while the object is there. `since`: when its request began, by which the oldest is told.
  class Stay {
   public:
    Stay(WaitingRoom& room, int socket, Clock::time_point since) : room_(room), socket_(socket) { room_.enter(socket, since); }
    ~Stay() { room_.leave(socket_); }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    WaitingRoom& room_;
    int socket_;
  };

  int64_t waiting() const;
  int64_t dropped() const;  // since the start

 private:
  void enter(int socket, Clock::time_point since);
  void leave(int socket);

  const int places_;
  mutable std::mutex mutex_;  // of all below
  std::map<int, Clock::time_point> since_;  // by socket
  int64_t dropped_ = 0;
};

}  // namespace vitrine::serve
