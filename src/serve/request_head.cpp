#include "serve/request_head.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/error.h"

namespace vitrine::serve {
namespace {

constexpr size_t kMaxLengthDigits = 15;

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_length(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= kMaxLengthDigits && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_chunked(std::string_view text) {
  constexpr std::string_view kChunked = "chunked";
  return std::equal(text.begin(), text.end(), kChunked.begin(), kChunked.end(), [](char a, char b) { return (a | 0x20) == b; });
}

/// Of names (RFC 9110, 5.6.2).
bool is_token_char(char c) {
  const bool is_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }

}  // namespace

void HeadForm::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (place_ == Place::behind) return;
    place_ = next(c);
  }
}

HeadForm::Place HeadForm::fail(std::string_view fault) {
  fault_ = fault;
  return Place::behind;
}

HeadForm::Place HeadForm::next(char c) {
  switch (place_) {
    case Place::request_line:
    case Place::value:
      if (c == '\r') return Place::line_end;
      if (c == '\n') return fail("expected CR LF at the end of a line, got LF alone");
      return is_control(c) ? fail("a control byte in the head") : place_;
    case Place::line_end: return c == '\n' ? Place::line_begin : fail("expected LF behind CR");
    case Place::line_begin:
      if (c == '\r') return Place::head_end;
      if (c == ' ' || c == '\t') return fail("a header's line begins with a blank");
      [[fallthrough]];
    case Place::name:
      if (c == ':' && place_ == Place::name) return Place::value;
      return is_token_char(c) ? Place::name : fail("expected header lines of a name, a colon right behind it and a value");
    case Place::head_end: return c == '\n' ? Place::behind : fail("expected LF behind CR");
    case Place::behind: break;
  }
  return Place::behind;
}

std::string head_fault(std::string_view version, const HeadLines& lines) {
  const size_t lengths = lines.count("content-length"), encodings = lines.count("transfer-encoding"), hosts = lines.count("host");
  if (hosts > 1 || (hosts == 0 && version == "HTTP/1.1")) return concat("expected one Host, got ", hosts);
  if (lengths > 1) return concat("expected one Content-Length, got ", lengths);
  if (encodings > 1) return concat("expected one Transfer-Encoding, got ", encodings);
  if (lengths + encodings > 1) return "Content-Length and Transfer-Encoding exclude each other";
  if (lengths == 1 && !is_length(lines.find("content-length")->second)) return "Content-Length: expected a number of bytes";
  if (encodings == 1 && !is_chunked(lines.find("transfer-encoding")->second)) return "Transfer-Encoding: expected chunked";
  return "";
}

std::string plain_address(std::string address) {
  constexpr std::string_view kMapped = "::ffff:";
  return address.starts_with(kMapped) && address.find('.') != address.npos ? address.substr(kMapped.size()) : address;
}

bool is_address(const std::string& text) {
  in6_addr place{};
  return ::inet_pton(AF_INET, text.c_str(), &place) == 1 || ::inet_pton(AF_INET6, text.c_str(), &place) == 1;
}

std::string client_address(const std::string& peer, std::string_view forwarded_for, const std::vector<std::string>& trusted) {
  const auto is_trusted = [&](const std::string& address) { return std::find(trusted.begin(), trusted.end(), address) != trusted.end(); };
  std::string address = plain_address(peer);
  while (is_trusted(address) && !forwarded_for.empty()) {
    const size_t comma = forwarded_for.rfind(',');
    const size_t begin = comma == forwarded_for.npos ? 0 : comma + 1;
    const std::string before = plain_address(std::string(trimmed(forwarded_for.substr(begin))));
    if (!is_address(before)) break;
    address = before;
    forwarded_for = forwarded_for.substr(0, begin == 0 ? 0 : comma);
  }
  return address;
}

}  // namespace vitrine::serve
