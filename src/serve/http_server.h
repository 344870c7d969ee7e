// serve/http_server.h - sockets: requests of HTTP/1.1 come in, go through the dispatcher, answers go
// out. The one place that knows cpp-httplib.
#pragma once
#include <memory>
#include <string>

#include "serve/dispatcher.h"
#include "serve/service.h"

namespace vitrine::serve {

/// Call order: listen, run, stop (from another thread).
class HttpServer {
 public:
  /// Both must outlive it.
  HttpServer(Service& service, const Dispatcher& dispatcher);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Takes the address of the service's config. The port that was taken. Throws IoError.
  int listen();
  /// Answers until stop.
  void run();
  /// Takes no more requests; streams end, and run returns once the others are answered.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::serve
