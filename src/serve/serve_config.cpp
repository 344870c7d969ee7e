#include "serve/serve_config.h"

#include <netdb.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/error.h"
#include "data/table_file.h"
#include "serve/passwords.h"
#include "serve/request_head.h"
#include "store/connection.h"
#include "text/utf8.h"

namespace vitrine::serve {
namespace fs = std::filesystem;

namespace {

/// Whether it is an address, or a name of one.
bool is_host(const std::string& host) {
  const addrinfo hints{.ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = 0, .ai_addrlen = 0, .ai_addr = nullptr, .ai_canonname = nullptr, .ai_next = nullptr};
  addrinfo* found = nullptr;
  const bool is_found = ::getaddrinfo(host.c_str(), nullptr, &hints, &found) == 0;
  if (found != nullptr) ::freeaddrinfo(found);
  return is_found;
}

/// The password that new admins are to have is one that they could choose.
bool is_first_password(const char* password) {
  const std::string text = password == nullptr ? "" : password;
  const size_t length = text::count_code_points(text);
  return text.empty() || (text::is_valid_utf8(text) && length >= kLeastPassword && length <= kMostPassword && !data::fold_name(text).empty());
}

}  // namespace

void ServeConfig::validate() const {
  check_config(*this, "serve");
  VITRINE_REQUIRE(max_streams < http_threads, "[serve] --max-streams: expected less than --http-threads ",
                  http_threads, ", got ", max_streams);
  VITRINE_REQUIRE(store.empty() || store::is_postgres_location(store),
                  "[serve] --store: expected postgresql://…, or nothing for SQLite in the data folder, got '", store, "'");
  VITRINE_REQUIRE(is_host(host), "[serve] --host: expected an address of this machine, or its name, got '", host, "'");
  VITRINE_REQUIRE(is_first_password(std::getenv("VITRINE_ADMIN_PASSWORD")), "[serve] $VITRINE_ADMIN_PASSWORD: expected ",
                  kLeastPassword, " to ", kMostPassword, " characters, not blanks alone");
  for (const auto& proxy : trust_proxy) VITRINE_REQUIRE(is_address(proxy), "[serve] --trust-proxy: expected addresses such as 127.0.0.1, got '", proxy, "'");
}

fs::path ServeConfig::data_folder() const {
  if (!data.empty()) return fs::absolute(data);
  const char* shared = std::getenv("XDG_DATA_HOME");
  if (shared != nullptr && *shared == '/') return fs::path(shared) / "vitrine";
  const char* home = std::getenv("HOME");
  VITRINE_REQUIRE(home != nullptr && *home != '\0', "[serve] --data: expected a folder, there is no home folder");
  return fs::path(home) / ".local/share/vitrine";
}

std::string ServeConfig::store_location() const {
  return store.empty() ? (data_folder() / "vitrine.db").string() : store;
}

fs::path ServeConfig::access_log_file() const {
  return access_log == "auto" ? data_folder() / "access.jsonl" : fs::path(access_log);
}

}  // namespace vitrine::serve
