// serve/http.h - a request and its answer as handlers see them: no library, no sockets.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine::serve {

enum class Language { zh, en };

/// A file of a form, as it was received: in a temporary place, which goes with the object.
class Upload {
 public:
  Upload(std::filesystem::path place, std::string file_name)
      : place_(std::move(place)), file_name_(std::move(file_name)) {}
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  const std::filesystem::path& place() const { return place_; }
  /// As the client calls it, without folders.
  const std::string& file_name() const { return file_name_; }
  int64_t size_bytes() const;
  /// Moves the bytes to where they stay. Throws IoError.
  void keep_as(const std::filesystem::path& path);

 private:
  std::filesystem::path place_;
  std::string file_name_;
};

struct HttpRequest {
  std::string method;
  std::string path;                                      // as it came, without the query
  std::map<std::string, std::string, std::less<>> query;  // decoded; of a name the last value
  std::map<std::string, std::string, std::less<>> headers;  // names in lower case
  std::string body;
  std::shared_ptr<Upload> upload;  // of a form
  std::string remote_address;  // of the client, also behind a trusted proxy
  std::string id;  // of the log and of problem documents
  /// Whether the client has closed the connection; empty = nobody can tell. For the thread that answers.
  std::function<bool()> is_gone = {};

  /// "" when there is none.
  std::string header(std::string_view name) const;
  /// The value of a cookie; "" when there is none.
  std::string cookie(std::string_view name) const;
  /// The media type alone: "application/json".
  std::string content_type() const;
  Language language() const;
};

/// What a stream of server-sent events sends. Used by one thread.
class EventStream {
 public:
  virtual ~EventStream() = default;
  /// Waits up to `wait` for something to send: events as they go over the wire. Empty = nothing
  /// has happened; no value = the stream has ended.
  virtual std::optional<std::string> next(std::chrono::milliseconds wait) = 0;
  /// What is sent last when the server stops before the stream has ended.
  virtual std::string farewell() const = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;
  std::string body;
  std::filesystem::path file;           // its bytes are the body; empty = `body` is
  std::shared_ptr<EventStream> events;  // not null: the body is what it sends
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool close_connection = false;  // a part of the request was not read
};

/// "%E8%A3%99" as 裙. Nothing for a broken escape, U+0000 or what is not UTF-8.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
/// "a=1&b=2" decoded. Nothing as above.
std::optional<std::map<std::string, std::string, std::less<>>> parse_query(std::string_view query);

}  // namespace vitrine::serve
