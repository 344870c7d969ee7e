// store/users.h - accounts of a shop's people.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/of_shop.h"

namespace vitrine::store {

enum class Role { writer, reviewer, admin };
template <>
struct EnumWords<Role> {
  static constexpr std::string_view words[] = {"writer", "reviewer", "admin"};
};

struct User {
  std::string id, name;  // a name is taken once in all shops: people sign in with it alone
  Role role = Role::writer;
  bool active = true;
  UtcMillis created_at{};
  std::optional<UtcMillis> seen_at;
};

class Users : public OfShop {
 public:
  using OfShop::OfShop;

  /// `password_hash` is kept as it is. False when the name is taken (in any shop).
  bool add(const User& user, const std::string& password_hash);
  std::optional<User> find(const std::string& id);
  std::vector<User> list();  // by name, in the order of bytes

  // False when there is no such user. Whoever is closed, or gets another password, is signed out
  // everywhere; API tokens of a closed account are refused while it is closed, another password removes them.
  bool set_role(const std::string& id, Role role);
  bool set_active(const std::string& id, bool active);
  bool set_password_hash(const std::string& id, const std::string& password_hash);
  bool set_seen(const std::string& id, UtcMillis now);
};

/// Who signs in under a name, before a shop is known; closed accounts too. Throws as
/// Connection::query.
struct Login {
  std::string shop_id, password_hash;
  User user;
};
std::optional<Login> find_login(Connection& connection, const std::string& name);

/// The columns of a user in a statement with the alias u.
inline constexpr std::string_view kUserColumns =
    "u.id, u.name, u.role, u.active, u.created_at, u.seen_at";

}  // namespace vitrine::store
