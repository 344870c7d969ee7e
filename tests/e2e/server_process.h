// e2e/server_process.h - the real server on a free port of this machine, and a client that says what
// a browser does, or whatever bytes a test wants.
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "e2e/program.h"

namespace vitrine::e2e {

/// `vitrine serve` until the object goes. Its admin signs in with kPassword.
class ServerProcess {
 public:
  static constexpr const char* kPassword = "admin-password";

  /// Waits until it answers. `args`: more options. Throws std::runtime_error with what it said.
  explicit ServerProcess(const std::string& data, std::vector<std::string> args = {});
  ~ServerProcess();  // SIGKILL
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }
  int pid() const { return pid_; }
  const std::string& out() const { return out_; }  // until it answered
  void kill_at_once();                             // SIGKILL
  /// SIGTERM; its exit code.
  int stop();

 private:
  int pid_ = -1, out_end_ = -1, port_ = 0;
  std::string out_;
};

struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  Json json() const;
  /// "404 unknown", or "200".
  std::string outcome() const;
};

/// One connection a request.
class Client {
 public:
  explicit Client(int port) : port_(port) {}
  /// Of a server that was started anew; the session goes on.
  void use_port(int port) { port_ = port; }

  Answer get(const std::string& address) { return send("GET", address); }
  Answer send(const std::string& method, const std::string& address, const std::string& body = "",
              std::map<std::string, std::string> headers = {});
  Answer send(const std::string& method, const std::string& address, const Json& body,
              std::map<std::string, std::string> headers = {});
  Answer upload(const std::string& address, const std::string& file_name, const std::string& bytes);
  /// Bytes as they are. Reads until the end of the answer or of `wait`.
  Answer raw(std::string_view bytes, std::chrono::milliseconds wait = std::chrono::seconds(30));

  void sign_in(const std::string& name, const std::string& password);
  /// Starts a job and waits for its end.
  Json run_job(const Json& request);

 private:
  int port_;
  std::string cookie_, csrf_;
  int keys_ = 0;
};

}  // namespace vitrine::e2e
