// serve/access_log.h - one line of JSON for each request. No query, no body, no header: they may
// hold secrets.
#pragma once
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace vitrine::serve {

struct AccessEntry {
  std::string request_id, remote_address, method, path;
  std::string operation;         // of docs/api/openapi.yaml; empty = none
  std::string shop_id, user_id;  // empty = nobody is signed in
  int status = 0;
  double ms = 0;
  std::string error;  // what an exception said; empty = none
};

/// Appends to a file, which is renamed to FILE.1 when it is full. Thread-safe; never throws for a
/// full disk: a request is not refused because its line cannot be written.
class AccessLog {
 public:
  /// `file`: "-" = standard error, "" = none. Throws IoError when it cannot be opened.
  explicit AccessLog(std::filesystem::path file, size_t max_bytes = size_t{64} << 20);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void write(const AccessEntry& entry);

 private:
  void open();
  void turn_over();

  const std::filesystem::path path_;
  const size_t max_bytes_;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace vitrine::serve
