#include "serve/http_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;

/// Whether the socket is ready for `events`, or at its end, within the time.
bool poll_one(int socket, short events, milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (true) {
    pollfd one{socket, events, 0};
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const int count = ::poll(&one, 1, static_cast<int>(std::max<int64_t>(0, left)));
    if (count < 0 && errno == EINTR) continue;
    return count > 0;
  }
}

void address_of(const sockaddr_storage& address, std::string& ip, int& port) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    port = ntohs(four.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    port = ntohs(six.sin6_port);
  }
  ip = text;
}

}  // namespace

bool HttpConnection::begin_request() {
  part_ = Part::head;
  form_ = {};
  begun_at_ = Clock::now();
  if (begin_ == end_ && (!wait_to_read(times_.idle) || fill() <= 0)) return false;
  begun_at_ = Clock::now();
  return true;
}

void HttpConnection::end_head(bool may_be_long) {
  part_ = may_be_long ? Part::long_body : Part::body;
  head_ended_at_ = Clock::now();
}

/// How long the next byte may take.
milliseconds HttpConnection::patience() const {
  const auto until = [](Clock::time_point end) { return std::chrono::ceil<milliseconds>(end - Clock::now()); };
  if (part_ == Part::head) return until(begun_at_ + times_.head);
  if (part_ == Part::long_body) return times_.read;
  return std::min(times_.read, until(head_ended_at_ + times_.body));
}

bool HttpConnection::wait_to_read(milliseconds wait) {
  if (poll_one(socket_, POLLIN, milliseconds(0))) return true;
  std::optional<WaitingRoom::Stay> stay;
  if (part_ != Part::long_body) stay.emplace(room_, socket_, begun_at_);
  return poll_one(socket_, POLLIN, wait);
}

/// Bytes that came; 0 = the end, -1 = a fault.
ssize_t HttpConnection::fill() {
  ssize_t size = 0;
  do size = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
  while (size < 0 && errno == EINTR);
  begin_ = 0;
  end_ = static_cast<size_t>(std::max<ssize_t>(0, size));
  return size;
}

ssize_t HttpConnection::read(char* data, size_t size) {
  if (begin_ == end_) {
    const milliseconds wait = patience();
    const bool is_there = wait > milliseconds(0) && wait_to_read(wait);
    head_was_slow_ = head_was_slow_ || (part_ == Part::head && !is_there);
    if (!is_there) return -1;
    if (const ssize_t got = fill(); got <= 0) return got;
  }
  const size_t count = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, count);
  begin_ += count;
  if (part_ == Part::head) form_.take({data, count});
  if (!form_.fault().empty()) return -1;
  return static_cast<ssize_t>(count);
}

ssize_t HttpConnection::write(const char* data, size_t size) {
  if (head_was_slow_ || !form_.fault().empty()) return static_cast<ssize_t>(size);
  if (!poll_one(socket_, POLLOUT, times_.write)) return -1;
  ssize_t sent = 0;
  do sent = ::send(socket_, data, size, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

bool HttpConnection::is_readable() const { return begin_ != end_ || poll_one(socket_, POLLIN, times_.read); }

/// A client that has gone is not written to, though the system would take some bytes for it.
bool HttpConnection::is_writable() const { return poll_one(socket_, POLLOUT, times_.write) && !is_gone(); }

bool HttpConnection::is_gone() const {
  char byte;
  const ssize_t size = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

std::string HttpConnection::peer() const {
  std::string ip;
  int port = 0;
  get_remote_ip_and_port(ip, port);
  return ip;
}

void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0) address_of(address, ip, port);
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0) address_of(address, ip, port);
}

}  // namespace vitrine::serve
