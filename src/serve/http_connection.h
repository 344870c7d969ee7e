// serve/http_connection.h - one connection as cpp-httplib reads and writes it, with a time limit for the
// head of a request. Internal to the server.
#pragma once
#include <httplib.h>

#include <array>
#include <chrono>
#include <string>

#include "serve/request_head.h"
#include "serve/waiting_room.h"

namespace vitrine::serve {

struct ConnectionTimes {
  std::chrono::milliseconds idle;  // for the first byte of a request
  std::chrono::milliseconds head;  // from that to the end of the head, all together
  std::chrono::milliseconds body;  // of a short body, all together
  std::chrono::milliseconds read;  // for more of a body
  std::chrono::milliseconds write;
};

/// For one thread. Does not own the socket. Call order: (begin_request, reads of the head, end_head,
/// reads of the body, writes)*.
class HttpConnection : public httplib::Stream {
 public:
  HttpConnection(int socket, const ConnectionTimes& times, WaitingRoom& room) : socket_(socket), times_(times), room_(room) {}

  /// Waits for the first byte of the next request; false = there is none.
  bool begin_request();
  /// The head is read. may_be_long: its body may take its time (an upload of somebody signed in).
  void end_head(bool may_be_long);
  /// The head did not come in time: what was written since went nowhere.
  bool head_was_slow() const { return head_was_slow_; }
  /// What is wrong with the form of the head (HeadForm); empty = nothing. It was read no further, and what was
  /// written since went nowhere.
  std::string_view head_fault() const { return form_.fault(); }
  /// Whether the request that was begun is the greeting of TLS.
  bool begins_with_tls() const { return begin_ != end_ && buffer_[begin_] == kTlsHandshake; }
  /// Whether the client has closed its side.
  bool is_gone() const;
  std::string peer() const;

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Part { head, body, long_body };
  static constexpr char kTlsHandshake = 0x16;
  ssize_t fill();
  std::chrono::milliseconds patience() const;
  bool wait_to_read(std::chrono::milliseconds wait);

  const int socket_;
  const ConnectionTimes times_;
  WaitingRoom& room_;
  Part part_ = Part::head;
  Clock::time_point begun_at_ = {}, head_ended_at_ = {};
  bool head_was_slow_ = false;
  HeadForm form_;
  std::array<char, 4096> buffer_;  // what came and was not asked for yet: [begin_, end_)
  size_t begin_ = 0, end_ = 0;
};

}  // namespace vitrine::serve
