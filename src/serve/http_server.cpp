#include "serve/http_server.h"

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "base/base64.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "serve/http_connection.h"
#include "serve/problem.h"
#include "serve/request_head.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxJsonBytes = size_t{1} << 20;
// Of a body that is refused, so much is read and dropped: a client that is still sending would not
// read the answer otherwise.
constexpr size_t kMaxDroppedBytes = size_t{16} << 20;
constexpr size_t kFormSlack = size_t{64} << 10;  // parts of a form beside its file
constexpr int kKeepAliveRequests = 1000, kKeepAliveSeconds = 5, kSocketTimeoutSeconds = 10;
constexpr int kUploadTimeFactor = 10, kBacklog = 1024;
constexpr size_t kFileChunkBytes = size_t{64} << 10;
constexpr milliseconds kStreamWait{500};  // so soon a stream sees that the server stops
constexpr milliseconds kFarewellTime = std::chrono::seconds(2);
constexpr milliseconds kHeartbeat = std::chrono::seconds(15);

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// The connection that this thread serves while the object is there: the library does not hand it to handlers.
struct Serving {
  explicit Serving(HttpConnection& served) : connection(served) { now = this; }
  ~Serving() { now = nullptr; }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  static thread_local Serving* now;
  HttpConnection& connection;
  bool must_close = false;  // behind this answer
};
thread_local Serving* Serving::now = nullptr;

HeadLines head_lines(const httplib::Request& from) {
  HeadLines lines;
  for (const auto& [name, value] : from.headers) lines.emplace(lower(name), value);
  return lines;
}

HttpRequest request_of(const httplib::Request& from, const ServeConfig& config) {
  HttpRequest request;
  request.method = from.method;
  const size_t question = std::min(from.target.find('?'), from.target.size());
  request.path = from.target.substr(0, question);
  std::string forwarded_for;
  for (const auto& [name, value] : head_lines(from)) {
    request.headers.emplace(name, value);
    if (name == "x-forwarded-for") forwarded_for += (forwarded_for.empty() ? "" : ",") + value;
  }
  request.remote_address = client_address(Serving::now->connection.peer(), forwarded_for, config.trust_proxy);
  request.is_gone = [&connection = Serving::now->connection] { return connection.is_gone(); };
  return request;
}

/// The name of a file without folders of either kind of system.
std::string plain_name(const std::string& name) {
  const size_t slash = name.find_last_of("/\\");
  return slash == name.npos ? name : name.substr(slash + 1);
}

bool has_body(const httplib::Request& request) {
  const std::string length = request.get_header_value("Content-Length");
  return (!length.empty() && length != "0") || request.has_header("Transfer-Encoding");
}

/// The body of one request, read within its limits.
class BodySource {
 public:
  BodySource(const httplib::Request& request, const httplib::ContentReader& reader, const Service& service)
      : request_(request), reader_(reader), service_(service) {}

  void read(HttpRequest& into, BodyKind kind) {
    const bool is_form = kind != BodyKind::json && into.content_type() == "multipart/form-data";
    if (!has_body()) throw Refusal("bad_request", "expected a body");
    max_bytes_ = is_form ? (static_cast<size_t>(service_.config.max_upload_mib) << 20) : kMaxJsonBytes;
    const auto seconds = service_.config.body_timeout_s * (is_form ? kUploadTimeFactor : 1);
    deadline_ = SteadyClock::now() + std::chrono::seconds(seconds);
    refuse_announced_size(is_form);
    is_form ? read_form(into) : read_text(into);
  }

  /// Whether the connection is at the end of this request, after dropping a moderate rest.
  bool drop_rest() {
    if (is_read_ || !has_body()) return true;
    if (is_broken_) return false;
    size_t dropped = 0;
    deadline_ = SteadyClock::now() + std::chrono::seconds(kSocketTimeoutSeconds);
    const auto drop = [&](const char*, size_t size) {
      dropped += size;
      return dropped <= kMaxDroppedBytes && SteadyClock::now() < deadline_;
    };
    if (!request_.is_multipart_form_data()) return reader_(drop);
    return reader_([](const httplib::MultipartFormData&) { return true; }, drop);
  }

 private:
  bool has_body() const { return serve::has_body(request_); }
  size_t announced() const {
    const std::string length = request_.get_header_value("Content-Length");
    return length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
  }
  void refuse_announced_size(bool is_form) const {
    if (announced() > max_bytes_ + (is_form ? kFormSlack : 0)) throw_too_large();
  }
  [[noreturn]] void throw_too_large() const {
    throw Refusal("too_large", concat("expected at most ", max_bytes_, " bytes"));
  }

  /// Counts what comes; false = enough.
  bool take(size_t size) {
    read_bytes_ += size;
    is_too_large_ = read_bytes_ > max_bytes_;
    is_slow_ = SteadyClock::now() > deadline_;
    return !is_too_large_ && !is_slow_;
  }
  void finish(bool is_complete) {
    is_read_ = is_complete;
    is_broken_ = !is_complete;
    if (is_complete) return;
    if (is_too_large_) throw_too_large();
    if (is_slow_ || SteadyClock::now() > deadline_) throw Refusal("slow_request");
    throw Refusal("bad_request", "the body ended before its length, or is no form");
  }

  void read_text(HttpRequest& into) {
    finish(reader_([&](const char* data, size_t size) {
      if (!take(size)) return false;
      into.body.append(data, size);
      return true;
    }));
  }

  void read_form(HttpRequest& into) {
    std::ofstream file;
    bool is_in_file = false;
    const bool is_complete = reader_(
        [&](const httplib::MultipartFormData& part) {
          is_in_file = !part.filename.empty();
          if (!is_in_file) return true;
          if (into.upload) return false;  // one file a request
          const auto place = service_.uploads() / store::new_id("part");
          into.upload = std::make_shared<Upload>(place, plain_name(part.filename));
          file.open(place, std::ios::binary);
          return file.good();
        },
        [&](const char* data, size_t size) {
          if (!take(size)) return false;
          if (is_in_file) file.write(data, static_cast<std::streamsize>(size));
          return true;  // a file that cannot be written is told when all has come: else nobody reads it
        });
    file.close();
    is_read_ = is_complete;
    is_broken_ = !is_complete;
    if (file.fail() && into.upload) throw IoError("[serve] an upload cannot be written");
    finish(is_complete);
    if (!into.upload) throw Refusal("bad_request", "expected a form with one file");
  }

  const httplib::Request& request_;
  const httplib::ContentReader& reader_;
  const Service& service_;
  size_t max_bytes_ = 0, read_bytes_ = 0;
  SteadyClock::time_point deadline_ = {};
  bool is_read_ = false, is_broken_ = false, is_too_large_ = false, is_slow_ = false;
};

/// Sends a text, and ends the connection behind it when asked.
httplib::ContentProvider text_provider(std::shared_ptr<std::string> text, bool close) {
  return [text, close](size_t offset, size_t length, httplib::DataSink& sink) {
    if (!sink.write(text->data() + offset, length)) return false;
    return !close;
  };
}

httplib::ContentProvider file_provider(const std::filesystem::path& path) {
  auto file = std::make_shared<std::ifstream>(path, std::ios::binary);
  return [file](size_t offset, size_t length, httplib::DataSink& sink) {
    std::string chunk(std::min(length, kFileChunkBytes), '\0');
    file->seekg(static_cast<std::streamoff>(offset));
    file->read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    return file->good() && sink.write(chunk.data(), chunk.size());
  };
}

/// Sends what a stream of events has, and a comment when it has had nothing for a while.
class StreamSender {
 public:
  StreamSender(std::shared_ptr<EventStream> events, const std::atomic<bool>& is_stopping)
      : events_(std::move(events)), is_stopping_(is_stopping) {}

  bool send(httplib::DataSink& sink) {
    if (is_stopping_) {
      const std::string last = events_->farewell();
      if (!sink.write(last.data(), last.size())) return false;
      sink.done();
      return true;
    }
    const auto text = events_->next(kStreamWait);
    if (!text) {
      sink.done();
      return true;
    }
    std::string out = *text;
    if (out.empty() && SteadyClock::now() - sent_at_ >= kHeartbeat) out = ": still here\n\n";
    if (out.empty()) return sink.is_writable();
    sent_at_ = SteadyClock::now();
    return sink.write(out.data(), out.size());
  }

 private:
  std::shared_ptr<EventStream> events_;
  const std::atomic<bool>& is_stopping_;
  SteadyClock::time_point sent_at_ = SteadyClock::now();
};

ConnectionTimes times_of(const ServeConfig& config) {
  return {.idle = std::chrono::seconds(kKeepAliveSeconds), .head = std::chrono::seconds(config.head_timeout_s),
          // A little more than BodySource allows, which tells the client that it was slow.
          .body = std::chrono::seconds(config.body_timeout_s) + milliseconds(200),
          .read = std::chrono::seconds(kSocketTimeoutSeconds), .write = std::chrono::seconds(kSocketTimeoutSeconds)};
}

/// The library's server on connections of our own: its own let a client that sends a byte now and then
/// hold a thread for good.
class GuardedServer : public httplib::Server {
 public:
  GuardedServer(Service& service, const Dispatcher& dispatcher)
      : service_(service), dispatcher_(dispatcher), times_(times_of(service.config)) {}

  /// The library lets five connections wait to be accepted: of more at once some would be late by
  /// seconds.
  void let_more_wait() { ::listen(svr_sock_, kBacklog); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    const bool is_good = serve_requests(socket);
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return is_good;
  }

  bool serve_requests(socket_t socket) {
    HttpConnection connection(socket, times_, service_.waiting_room);
    Serving serving(connection);
    for (int left = kKeepAliveRequests; left > 0 && svr_sock_ != INVALID_SOCKET && connection.begin_request(); --left) {
      if (connection.begins_with_tls()) return refuse(socket, Refusal("bad_request", "TLS at a port of plain HTTP: expected http://"));
      bool is_closed = false;
      const auto head_is_read = [&](httplib::Request& request) { connection.end_head(request.is_multipart_form_data()); };
      const bool is_good = process_request(connection, /*close_connection=*/left == 1, is_closed, head_is_read);
      if (connection.head_was_slow()) return refuse(socket, Refusal("slow_request"));
      if (!connection.head_fault().empty()) return refuse(socket, Refusal("bad_request", std::string(connection.head_fault())));
      if (!is_good) return false;
      if (is_closed || serving.must_close) return true;
    }
    return true;
  }

  /// To a client whose head did not come, or is none. What the socket does not take at once is left out.
  bool refuse(socket_t socket, const Refusal& refusal) const {
    HttpRequest request;
    request.remote_address = plain_address(Serving::now->connection.peer());
    const HttpResponse response = dispatcher_.refuse(request, refusal);
    std::string text = concat("HTTP/1.1 ", response.status, response.status == 408 ? " Request Timeout" : " Bad Request",
                              "\r\nConnection: close\r\nContent-Type: ", response.content_type,
                              "\r\nContent-Length: ", response.body.size(), "\r\n");
    for (const auto& [name, value] : response.headers) text += concat(name, ": ", value, "\r\n");
    text += "\r\n" + response.body;
    ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return false;
  }

  Service& service_;
  const Dispatcher& dispatcher_;
  const ConnectionTimes times_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(Service& service, const Dispatcher& dispatcher) : service_(service), dispatcher_(dispatcher), server_(service, dispatcher) {
    const auto threads = static_cast<size_t>(service.config.http_threads);
    server_.new_task_queue = [threads] { return new httplib::ThreadPool(threads); };
    server_.set_tcp_nodelay(true);
    // The library's own options let a second server share the port.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    server_.set_payload_max_length((static_cast<size_t>(service.config.max_upload_mib) << 20) + kFormSlack);
    const auto without_body = [this](const httplib::Request& from, httplib::Response& to) { answer(from, to); };
    const auto with_body = [this](const httplib::Request& from, httplib::Response& to,
                                  const httplib::ContentReader& reader) { answer(from, to, reader); };
    constexpr const char* kAny = R"([\s\S]*)";
    server_.Get(kAny, without_body).Options(kAny, without_body);
    server_.Post(kAny, with_body).Put(kAny, with_body).Patch(kAny, with_body).Delete(kAny, with_body);
    server_.set_exception_handler([this](const httplib::Request& from, httplib::Response& to, std::exception_ptr) {
      refuse(Refusal("internal"), from, to);
    });
    server_.set_error_handler([this](const httplib::Request& from, httplib::Response& to) { refuse_broken(from, to); });
  }

  int listen() {
    const auto& config = service_.config;
    const int port = config.port == 0 ? server_.bind_to_any_port(config.host)
                     : server_.bind_to_port(config.host, config.port) ? config.port : -1;
    if (port >= 0) server_.let_more_wait();
    if (port < 0) throw IoError(concat("[serve] cannot listen at ", config.host, " port ", config.port, ": is it taken?"));
    return port;
  }
  void run() { server_.listen_after_bind(); }
  /// The library breaks chunked answers off when it stops: streams say good-bye before.
  void stop() {
    is_stopping_ = true;
    const auto deadline = SteadyClock::now() + kFarewellTime;
    while (service_.streams.inside() > 0 && SteadyClock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
    server_.stop();
  }

 private:
  void answer(const httplib::Request& from, httplib::Response& to) {
    HttpRequest request = request_of(from, service_.config);
    HttpResponse response = ask(from, request, [](HttpRequest&, BodyKind) {});
    response.close_connection = response.close_connection || has_body(from);  // nobody reads it
    send(response, to);
  }
  void answer(const httplib::Request& from, httplib::Response& to, const httplib::ContentReader& reader) {
    HttpRequest request = request_of(from, service_.config);
    BodySource source(from, reader, service_);
    HttpResponse response =
        ask(from, request, [&](HttpRequest& into, BodyKind kind) { source.read(into, kind); });
    response.close_connection = response.close_connection || !source.drop_rest();
    send(response, to);
  }

  HttpResponse ask(const httplib::Request& from, HttpRequest& request, const ReadBody& read_body) {
    if (const std::string fault = head_fault(from.version, head_lines(from)); !fault.empty()) {
      HttpResponse response = dispatcher_.refuse(request, Refusal("bad_request", fault));
      response.close_connection = true;  // nobody knows where the next request begins
      return response;
    }
    const size_t question = from.target.find('?');
    const auto query = parse_query(question == from.target.npos ? "" : from.target.substr(question + 1));
    if (!query) return dispatcher_.refuse(request, Refusal("bad_address"));
    request.query = *query;
    return dispatcher_.answer(request, read_body);
  }

  void send(const HttpResponse& response, httplib::Response& to) {
    to.status = response.status;
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    if (response.events) return send_events(response, to);
    if (!response.file.empty()) {
      const auto size = std::filesystem::file_size(response.file);
      return to.set_content_provider(size, response.content_type, file_provider(response.file));
    }
    if (response.close_connection) to.set_header("Connection", "close");
    if (response.body.empty()) return;
    // As a provider, so that the library does not compress it again.
    to.set_content_provider(response.body.size(), response.content_type,
                            text_provider(std::make_shared<std::string>(response.body), response.close_connection));
  }

  void send_events(const HttpResponse& response, httplib::Response& to) {
    to.set_header("Cache-Control", "no-store");
    to.set_header("X-Accel-Buffering", "no");
    auto sender = std::make_shared<StreamSender>(response.events, is_stopping_);
    to.set_chunked_content_provider("text/event-stream", [sender](size_t, httplib::DataSink& sink) { return sender->send(sink); });
  }

  /// GuardedServer answers instead.
  static bool is_refused_by(const HttpConnection& connection) { return connection.head_was_slow() || !connection.head_fault().empty(); }

  /// What the library itself refuses: a request line that is none, an address that is too long.
  void refuse_broken(const httplib::Request& from, httplib::Response& to) {
    if (!to.body.empty() || to.has_header("X-Request-Id") || is_refused_by(Serving::now->connection)) return;
    const char* code = to.status == 413 ? "too_large" : to.status == 414 ? "address_too_long" : "bad_request";
    refuse(Refusal(code), from, to);
  }

  void refuse(const Refusal& refusal, const httplib::Request& from, httplib::Response& to) {
    HttpRequest request = request_of(from, service_.config);
    const HttpResponse response = dispatcher_.refuse(request, refusal);
    to.status = response.status;
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    to.set_header("Connection", "close");
    to.set_content(response.body, response.content_type);
    Serving::now->must_close = true;
  }

  Service& service_;
  const Dispatcher& dispatcher_;
  std::atomic<bool> is_stopping_ = false;
  GuardedServer server_;
};

HttpServer::HttpServer(Service& service, const Dispatcher& dispatcher)
    : impl_(std::make_unique<Impl>(service, dispatcher)) {}
HttpServer::~HttpServer() = default;
int HttpServer::listen() { return impl_->listen(); }
void HttpServer::run() { impl_->run(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace vitrine::serve
