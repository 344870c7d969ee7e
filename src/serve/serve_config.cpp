#include "serve/serve_config.h"

#include <cstdlib>

#include "base/error.h"
#include "serve/request_head.h"
#include "store/connection.h"

namespace vitrine::serve {
namespace fs = std::filesystem;

void ServeConfig::validate() const {
  check_config(*this, "serve");
  VITRINE_REQUIRE(max_streams < http_threads, "[serve] --max-streams: expected less than --http-threads ",
                  http_threads, ", got ", max_streams);
  VITRINE_REQUIRE(store.empty() || store::is_postgres_location(store),
                  "[serve] --store: expected postgresql://…, or nothing for SQLite in the data folder, got '", store, "'");
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
