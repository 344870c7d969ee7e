// serve/request_head.h - what the head of a request says before anybody looks at its address: whether
// its length can be told, and who sent it. No library, no sockets.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::serve {

/// Headers as they came, a name as often as it came.
using HeadLines = std::multimap<std::string, std::string>;  // names in lower case

/// The form of a head, byte by byte as it comes (RFC 9112, 2.2 and 5): lines that readers could take for others
/// are a fault, before anybody looks at what they say.
class HeadForm {
 public:
  /// Nothing behind the head, or behind a fault, is looked at.
  void take(std::string_view bytes);
  /// What is wrong; empty = nothing so far.
  std::string_view fault() const { return fault_; }

 private:
  enum class Place { request_line, line_end, line_begin, name, value, head_end, behind };
  Place next(char c);
  Place fail(std::string_view fault);

  Place place_ = Place::request_line;
  std::string_view fault_;
};

/// Why the request must not be answered: two readers could differ on where its body ends, or it does
/// not say whom it is for (RFC 9112, 3.2 and 6.3). Empty = nothing is wrong.
///   version  "HTTP/1.1"
std::string head_fault(std::string_view version, const HeadLines& lines);

/// "::ffff:192.0.2.1" as 192.0.2.1; others as they are.
std::string plain_address(std::string address);
/// Whether it is an IPv4 or IPv6 address, without a port.
bool is_address(const std::string& text);

/// The client's address: the peer's, or, when that is a trusted proxy, the last one in
/// X-Forwarded-For that is none of the trusted. What is no address there is passed over: then the peer's.
std::string client_address(const std::string& peer, std::string_view forwarded_for, const std::vector<std::string>& trusted);

}  // namespace vitrine::serve
