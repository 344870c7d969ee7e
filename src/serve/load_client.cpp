#include "serve/load_client.h"

#include <httplib.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace vitrine::serve {
namespace {

constexpr int kConnectSeconds = 10, kReadSeconds = 120;
constexpr std::string_view kScheme = "http://";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

LoadAnswer answer_of(const httplib::Result& result) {
  if (!result) return {};
  LoadAnswer answer{.status = result->status, .headers = {}, .body = result->body};
  for (const auto& [name, value] : result->headers) answer.headers[lower(name)] = value;
  return answer;
}

httplib::Client client_of(const std::string& host, int port) {
  httplib::Client client(host, port);
  client.set_connection_timeout(kConnectSeconds);
  client.set_read_timeout(kReadSeconds);
  client.set_tcp_nodelay(true);
  client.set_decompress(false);
  return client;
}

httplib::Headers headers_of(const std::string& cookie, const std::string& csrf, const std::string& key) {
  httplib::Headers headers;
  if (!cookie.empty()) headers.emplace("Cookie", cookie);
  if (!csrf.empty()) headers.emplace("X-CSRF-Token", csrf);
  if (!key.empty()) headers.emplace("Idempotency-Key", key);
  return headers;
}

/// Splits what comes of a stream into its events.
class EventParser {
 public:
  using Event = std::function<bool(std::string_view name, std::string_view data)>;
  explicit EventParser(const Event& event) : event_(event) {}

  bool take(const char* data, size_t size) {
    buffer_.append(data, size);
    size_t end = 0;
    bool goes_on = true;
    while (goes_on && (end = buffer_.find("\n\n")) != std::string::npos) {
      goes_on = take_event(std::string_view(buffer_).substr(0, end));
      buffer_.erase(0, end + 2);
    }
    return goes_on;
  }

 private:
  bool take_event(std::string_view lines) {
    std::string_view name, data;
    while (!lines.empty()) {
      const size_t end = std::min(lines.find('\n'), lines.size());
      const std::string_view line = lines.substr(0, end);
      if (line.starts_with("event: ")) name = line.substr(7);
      if (line.starts_with("data: ")) data = line.substr(6);
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return name.empty() || event_(name, data);
  }

  const Event& event_;
  std::string buffer_;
};

}  // namespace

Json LoadAnswer::json() const { return parse_json(body, "answer"); }

LoadClient::LoadClient(const std::string& address) {
  const size_t colon = address.rfind(':');
  const bool is_address = address.starts_with(kScheme) && colon > kScheme.size();
  const char* first = address.data() + (is_address ? colon + 1 : 0);
  const char* last = address.data() + address.size() - (address.ends_with('/') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, last, port_);
  if (!is_address || error != std::errc() || end != last) throw UsageError(concat("--url: expected http://HOST:PORT, got ", address));
  host_ = address.substr(kScheme.size(), colon - kScheme.size());
}

LoadAnswer LoadClient::get(const std::string& path, bool packed) const {
  httplib::Headers headers = headers_of(cookie_, "", "");
  headers.emplace("Accept-Encoding", packed ? "gzip" : "identity");
  return answer_of(client_of(host_, port_).Get(path, headers));
}

LoadAnswer LoadClient::send(const std::string& method, const std::string& path, const Json& body,
                            const std::string& idempotency_key) const {
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = headers_of(cookie_, csrf_, idempotency_key);
  request.headers.emplace("Content-Type", "application/json");
  request.body = dump_line(body);
  return answer_of(client_of(host_, port_).send(request));
}

LoadAnswer LoadClient::upload(const std::string& path, const std::string& file_name, const std::string& bytes) const {
  const httplib::MultipartFormDataItems parts{{"file", bytes, file_name, "application/octet-stream"}};
  return answer_of(client_of(host_, port_).Post(path, headers_of(cookie_, csrf_, ""), parts));
}

int LoadClient::follow(const std::string& job_id, const EventParser::Event& event) const {
  EventParser parser(event);
  auto client = client_of(host_, port_);
  int status = 0;
  const auto result = client.Get(
      concat("/api/v1/jobs/", job_id, "/events"), headers_of(cookie_, "", ""),
      [&](const httplib::Response& response) {
        status = response.status;
        return true;
      },
      [&](const char* data, size_t size) { return parser.take(data, size); });
  return result || result.error() == httplib::Error::Canceled ? status : 0;
}

Json LoadClient::must(const std::string& method, const std::string& path, const Json& body, int status,
                      const std::string& idempotency_key) const {
  const LoadAnswer answer = method == "GET" ? get(path) : send(method, path, body, idempotency_key);
  if (answer.status != status) {
    throw IoError(concat("[LoadClient] ", method, " ", path, ": expected ", status, ", got ", answer.status, " ", answer.body.substr(0, 300)));
  }
  return answer.body.empty() ? Json() : answer.json();
}

void LoadClient::sign_in(const std::string& name, const std::string& password) {
  cookie_.clear();
  csrf_.clear();
  const LoadAnswer answer = send("POST", "/api/v1/session", {{"name", name}, {"password", password}});
  if (answer.status != 200) throw IoError(concat("[LoadClient] ", name, " cannot sign in: ", answer.status, " ", answer.body.substr(0, 300)));
  const std::string& cookie = answer.headers.at("set-cookie");
  cookie_ = cookie.substr(0, cookie.find(';'));
  csrf_ = answer.json().at("csrf_token").get<std::string>();
}

}  // namespace vitrine::serve
