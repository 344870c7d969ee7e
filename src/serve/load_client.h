// serve/load_client.h - an operator's side of the HTTP interface, for measuring: signs in, asks, follows
// jobs as the page does.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vitrine::serve {

/// An answer; status 0 = there was none.
struct LoadAnswer {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // names in lower case
  std::string body = {};

  /// Throws Corrupt when the body is no JSON.
  Json json() const;
};

/// One connection a request, so that an object may be used from many threads after sign_in.
class LoadClient {
 public:
  /// address: "http://127.0.0.1:8791". Throws UsageError when it is no such address.
  explicit LoadClient(const std::string& address);

  /// Throws IoError with the answer when the account is refused.
  void sign_in(const std::string& name, const std::string& password);
  /// packed: as gzip where the server has it so.
  LoadAnswer get(const std::string& path, bool packed = false) const;
  LoadAnswer send(const std::string& method, const std::string& path, const Json& body,
                  const std::string& idempotency_key = "") const;
  LoadAnswer upload(const std::string& path, const std::string& file_name, const std::string& bytes) const;
  /// Calls `event` for each event of a job until the stream ends or `event` returns false. Returns the
  /// status; 0 = broken off.
  int follow(const std::string& job_id,
             const std::function<bool(std::string_view name, std::string_view data)>& event) const;

  /// "POST" … that has to give `status`. Throws IoError with the answer when it does not.
  Json must(const std::string& method, const std::string& path, const Json& body, int status = 200,
            const std::string& idempotency_key = "") const;

 private:
  std::string host_;
  int port_ = 0;
  std::string cookie_, csrf_;
};

}  // namespace vitrine::serve
