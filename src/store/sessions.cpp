#include "store/sessions.h"

#include "base/error.h"
#include "store/ids.h"

namespace vitrine::store {
namespace {

constexpr auto kUseIsNotedEvery = std::chrono::minutes(1);

}  // namespace

std::optional<Caller> find_session(Connection& connection, const std::string& secret,
                                   UtcMillis now) {
  Statement rows = connection.query(
      concat("SELECT s.shop_id, s.csrf_token, s.expires_at, ", kUserColumns,
             " FROM sessions s JOIN users u ON u.shop_id = s.shop_id AND u.id = s.user_id "
             "WHERE s.secret_sha256 = $1 AND s.expires_at > $2 AND u.active = 1"),
      hash_of_secret(secret), now);
  if (!rows.step()) return std::nullopt;
  Caller caller;
  User& user = caller.user;
  rows.read(caller.shop_id, caller.csrf_token, caller.expires_at, user.id, user.name, user.role,
            user.active, user.created_at, user.seen_at);
  return caller;
}

std::optional<Caller> find_api_token(Connection& connection, const std::string& secret,
                                     UtcMillis now) {
  const std::string hash = hash_of_secret(secret);
  Caller caller;
  User& user = caller.user;
  std::optional<UtcMillis> used_at;
  const bool found = connection.read_one(
      connection.query(
          concat("SELECT t.shop_id, t.used_at, t.expires_at, ", kUserColumns,
                 " FROM api_tokens t JOIN users u ON u.shop_id = t.shop_id AND u.id = t.user_id "
                 "WHERE t.secret_sha256 = $1 AND (t.expires_at IS NULL OR t.expires_at > $2) "
                 "AND u.active = 1"),
          hash, now),
      caller.shop_id, used_at, caller.expires_at, user.id, user.name, user.role, user.active,
      user.created_at, user.seen_at);
  if (!found) return std::nullopt;
  if (!used_at || now - *used_at >= kUseIsNotedEvery)
    connection.run("UPDATE api_tokens SET used_at = $2 WHERE secret_sha256 = $1", hash, now);
  return caller;
}

int64_t remove_expired_sessions(Connection& connection, UtcMillis now) {
  return connection.run("DELETE FROM sessions WHERE expires_at <= $1", now);
}

void Sessions::open(const std::string& secret, const std::string& user_id,
                    const std::string& csrf_token, UtcMillis now, UtcMillis expires_at) {
  connection_.run(
      "INSERT INTO sessions (secret_sha256, shop_id, user_id, csrf_token, created_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      hash_of_secret(secret), shop_id_, user_id, csrf_token, now, expires_at);
}

bool Sessions::close(const std::string& secret) {
  return connection_.run("DELETE FROM sessions WHERE shop_id = $1 AND secret_sha256 = $2", shop_id_,
                         hash_of_secret(secret)) == 1;
}

void ApiTokens::add(const ApiToken& token, const std::string& secret) {
  connection_.run(
      "INSERT INTO api_tokens (secret_sha256, shop_id, id, user_id, name, created_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      hash_of_secret(secret), shop_id_, token.id, token.user_id, token.name, token.created_at,
      token.expires_at);
}

std::vector<ApiToken> ApiTokens::list(const std::string& user_id) {
  std::vector<ApiToken> tokens;
  Statement rows = connection_.query(
      "SELECT id, user_id, name, created_at, used_at, expires_at FROM api_tokens "
      "WHERE shop_id = $1 AND user_id = $2 ORDER BY seq DESC",
      shop_id_, user_id);
  while (rows.step()) {
    ApiToken& token = tokens.emplace_back();
    rows.read(token.id, token.user_id, token.name, token.created_at, token.used_at,
              token.expires_at);
  }
  return tokens;
}

bool ApiTokens::remove(const std::string& user_id, const std::string& id) {
  return connection_.run("DELETE FROM api_tokens WHERE shop_id = $1 AND user_id = $2 AND id = $3",
                         shop_id_, user_id, id) == 1;
}

}  // namespace vitrine::store
