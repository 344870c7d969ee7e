#include "store/users.h"

#include "base/error.h"

namespace vitrine::store {
namespace {

void read_row(Statement& row, User& user) {
  row.read(user.id, user.name, user.role, user.active, user.created_at, user.seen_at);
}

}  // namespace

bool Users::add(const User& user, const std::string& password_hash) {
  return connection_.run(
             "INSERT INTO users (shop_id, id, name, role, password_hash, active, created_at, "
             "seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING",
             shop_id_, user.id, user.name, user.role, password_hash, user.active, user.created_at,
             user.seen_at) == 1;
}

std::optional<User> Users::find(const std::string& id) {
  Statement rows = connection_.query(
      concat("SELECT ", kUserColumns, " FROM users u WHERE u.shop_id = $1 AND u.id = $2"), shop_id_,
      id);
  if (!rows.step()) return std::nullopt;
  User user;
  read_row(rows, user);
  return user;
}

std::vector<User> Users::list() {
  std::vector<User> users;
  Statement rows = connection_.query(
      concat("SELECT ", kUserColumns, " FROM users u WHERE u.shop_id = $1 ORDER BY u.name"),
      shop_id_);
  while (rows.step()) read_row(rows, users.emplace_back());
  return users;
}

bool Users::set_role(const std::string& id, Role role) {
  return connection_.run("UPDATE users SET role = $3 WHERE shop_id = $1 AND id = $2", shop_id_, id,
                         role) == 1;
}

bool Users::set_active(const std::string& id, bool active) {
  Transaction transaction(connection_);
  const bool found = connection_.run("UPDATE users SET active = $3 WHERE shop_id = $1 AND id = $2",
                                     shop_id_, id, active) == 1;
  if (!active)
    connection_.run("DELETE FROM sessions WHERE shop_id = $1 AND user_id = $2", shop_id_, id);
  transaction.commit();
  return found;
}

bool Users::set_password_hash(const std::string& id, const std::string& password_hash) {
  Transaction transaction(connection_);
  const bool found =
      connection_.run("UPDATE users SET password_hash = $3 WHERE shop_id = $1 AND id = $2",
                      shop_id_, id, password_hash) == 1;
  connection_.run("DELETE FROM sessions WHERE shop_id = $1 AND user_id = $2", shop_id_, id);
  connection_.run("DELETE FROM api_tokens WHERE shop_id = $1 AND user_id = $2", shop_id_, id);
  transaction.commit();
  return found;
}

bool Users::set_seen(const std::string& id, UtcMillis now) {
  return connection_.run("UPDATE users SET seen_at = $3 WHERE shop_id = $1 AND id = $2", shop_id_,
                         id, now) == 1;
}

std::optional<Login> find_login(Connection& connection, const std::string& name) {
  Statement rows = connection.query(concat("SELECT u.shop_id, u.password_hash, ", kUserColumns,
                                           " FROM users u WHERE u.name = $1"),
                                    name);
  if (!rows.step()) return std::nullopt;
  Login login;
  User& user = login.user;
  rows.read(login.shop_id, login.password_hash, user.id, user.name, user.role, user.active,
            user.created_at, user.seen_at);
  return login;
}

}  // namespace vitrine::store
