// store/sessions.h - who is signed in (browsers) and which programs may come in (API tokens).
//
// Of both the database has the hash of the secret alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/users.h"

namespace vitrine::store {

/// Who a secret stands for.
struct Caller {
  std::string shop_id;
  User user;
  std::string csrf_token;               // of a session; empty for an API token
  std::optional<UtcMillis> expires_at;  // nothing = never
};

/// The caller of a session that has not expired, or nothing; also when the account is closed. The
/// shop is not known before, so these are not confined to one. They throw as Connection::query.
std::optional<Caller> find_session(Connection& connection, const std::string& secret,
                                   UtcMillis now);
/// The same for an API token; notes that it was used, at most once a minute.
std::optional<Caller> find_api_token(Connection& connection, const std::string& secret,
                                     UtcMillis now);
/// How many it removed.
int64_t remove_expired_sessions(Connection& connection, UtcMillis now);

class Sessions : public OfShop {
 public:
  using OfShop::OfShop;
  /// Throws InvalidInput for a user that the shop does not have.
  void open(const std::string& secret, const std::string& user_id, const std::string& csrf_token,
            UtcMillis now, UtcMillis expires_at);
  bool close(const std::string& secret);  // false when there is none
};

struct ApiToken {
  std::string id, user_id, name;
  UtcMillis created_at{};
  std::optional<UtcMillis> used_at, expires_at;
};

class ApiTokens : public OfShop {
 public:
  using OfShop::OfShop;
  /// Throws InvalidInput for a user that the shop does not have.
  void add(const ApiToken& token, const std::string& secret);
  std::vector<ApiToken> list(const std::string& user_id);  // newest first
  /// False when this user has no such token.
  bool remove(const std::string& user_id, const std::string& id);
};

}  // namespace vitrine::store
