#include "store/audit.h"
#include "store/sessions.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

template <typename Place>
class AccountsTest : public StoreTest<Place> {};
TYPED_TEST_SUITE(AccountsTest, Places, PlaceNames);

TYPED_TEST(AccountsTest, AShopKeepsItsSettings) {
  Shops shops(this->connection());
  Shop changed = *shops.find("s1");
  EXPECT_EQ(changed.producer, "");
  changed.producer = "91310000XXXXXXXXXX";
  changed.label_place = LabelPlace::start;
  changed.own_approval = true;
  changed.price_per_hour = 0.4;
  EXPECT_TRUE(shops.change(changed));
  const Shop found = *shops.find("s1");
  EXPECT_EQ(found.producer, "91310000XXXXXXXXXX");
  EXPECT_EQ(found.label_place, LabelPlace::start);
  EXPECT_TRUE(found.own_approval);
  EXPECT_EQ(found.price_per_hour, 0.4);
  EXPECT_FALSE(shops.find("s2")->own_approval);
  changed.id = "nowhere";
  EXPECT_FALSE(shops.change(changed));
}

TYPED_TEST(AccountsTest, ANameIsTakenOnceInAllShops) {
  auto users = this->template of<Users>("s2");
  User second = user("u9");
  second.name = "name of u1 in s1";
  EXPECT_FALSE(users.add(second, "hash"));
  EXPECT_FALSE(users.find("u9"));
}

TYPED_TEST(AccountsTest, LoginFindsShopAndHashByName) {
  const auto login = find_login(this->connection(), "name of u1 in s2");
  ASSERT_TRUE(login);
  EXPECT_EQ(login->shop_id, "s2");
  EXPECT_EQ(login->password_hash, "hash of s2");
  EXPECT_EQ(login->user.id, "u1");
  EXPECT_FALSE(find_login(this->connection(), "nobody' OR '1'='1"));
}

TYPED_TEST(AccountsTest, UsersAreListedByName) {
  const auto users = this->template of<Users>().list();
  ASSERT_EQ(users.size(), 2u);
  EXPECT_EQ(users[0].name, "name of u1 in s1");
  EXPECT_EQ(users[1].role, Role::reviewer);
}

TYPED_TEST(AccountsTest, RoleAndTimeOfAUserChange) {
  auto users = this->template of<Users>();
  EXPECT_TRUE(users.set_role("u1", Role::admin));
  EXPECT_TRUE(users.set_seen("u1", at(9)));
  EXPECT_EQ(users.find("u1")->role, Role::admin);
  EXPECT_EQ(users.find("u1")->seen_at, at(9));
  EXPECT_FALSE(users.set_role("nobody", Role::admin));
}

TYPED_TEST(AccountsTest, ASessionIsFoundByItsSecretUntilItExpires) {
  auto& c = this->connection();
  const std::string secret = new_secret();
  this->template of<Sessions>().open(secret, "u1", "csrf", at(0), at(60));
  const auto caller = find_session(c, secret, at(59));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->shop_id, "s1");
  EXPECT_EQ(caller->user.id, "u1");
  EXPECT_EQ(caller->csrf_token, "csrf");
  EXPECT_FALSE(find_session(c, secret, at(60)));
  EXPECT_FALSE(find_session(c, new_secret(), at(1)));
  EXPECT_EQ(remove_expired_sessions(c, at(60)), 1);
}

TYPED_TEST(AccountsTest, SecretsAreNotInTheDatabase) {
  const std::string secret = new_secret();
  this->template of<Sessions>().open(secret, "u1", "csrf", at(0), at(60));
  std::string kept;
  auto& c = this->connection();
  c.read_one(c.query("SELECT secret_sha256 FROM sessions"), kept);
  EXPECT_EQ(kept, hash_of_secret(secret));
  EXPECT_NE(kept, secret);
}

TYPED_TEST(AccountsTest, SigningOutAndClosingEndsSessions) {
  auto& c = this->connection();
  auto sessions = this->template of<Sessions>();
  auto users = this->template of<Users>();
  sessions.open("one", "u1", "", at(0), at(60));
  EXPECT_TRUE(sessions.close("one"));
  EXPECT_FALSE(sessions.close("one"));
  sessions.open("two", "u1", "", at(0), at(60));
  sessions.open("other", "u2", "", at(0), at(60));
  EXPECT_TRUE(users.set_active("u1", false));
  EXPECT_FALSE(find_session(c, "two", at(1)));
  EXPECT_TRUE(find_session(c, "other", at(1)));
  EXPECT_TRUE(users.set_password_hash("u2", "another"));
  EXPECT_FALSE(find_session(c, "other", at(1)));
}

TYPED_TEST(AccountsTest, AnApiTokenStandsForItsUser) {
  auto& c = this->connection();
  auto tokens = this->template of<ApiTokens>();
  tokens.add({.id = "t1",
              .user_id = "u1",
              .name = "ERP",
              .created_at = at(0),
              .used_at = {},
              .expires_at = at(100)},
             "secret");
  const auto caller = find_api_token(c, "secret", at(50));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->user.id, "u1");
  EXPECT_EQ(tokens.list("u1").at(0).used_at, at(50));
  find_api_token(c, "secret", at(60));
  EXPECT_EQ(tokens.list("u1").at(0).used_at, at(50)) << "noted at most once a minute";
  EXPECT_FALSE(find_api_token(c, "secret", at(100)));
  this->template of<Users>().set_active("u1", false);
  EXPECT_FALSE(find_api_token(c, "secret", at(51)));
}

TYPED_TEST(AccountsTest, ATokenIsRemovedByItsOwnUserAlone) {
  auto tokens = this->template of<ApiTokens>();
  tokens.add({.id = "t1",
              .user_id = "u1",
              .name = "ERP",
              .created_at = at(0),
              .used_at = {},
              .expires_at = {}},
             "secret");
  EXPECT_FALSE(tokens.remove("u2", "t1"));
  EXPECT_TRUE(tokens.remove("u1", "t1"));
  EXPECT_FALSE(find_api_token(this->connection(), "secret", at(1)));
}

TYPED_TEST(AccountsTest, TheAuditTrailIsOnlyAddedTo) {
  auto trail = this->template of<AuditTrail>();
  for (const char* id : {"a1", "a2", "a3"})
    trail.add({.id = id,
               .time = at(1),
               .user_name = "Lin",
               .action = "review.approve",
               .subject = std::string(id) == "a2" ? "review:r2" : "review:r1",
               .before = "{\"state\":\"pending\"}",
               .after = "{\"state\":\"approved\"}"});
  auto& c = this->connection();
  EXPECT_THROW(c.run("UPDATE audit SET user_name = 'x'"), InvalidInput);
  EXPECT_THROW(c.run("DELETE FROM audit"), InvalidInput);
  const auto page = trail.list("", {.cursor = "", .limit = 2});
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[0].id, "a3");
  EXPECT_EQ(page.items[0].after, "{\"state\":\"approved\"}");
  const auto rest = trail.list("", {.cursor = page.next, .limit = 2});
  ASSERT_EQ(rest.items.size(), 1u);
  EXPECT_EQ(rest.items[0].id, "a1");
  EXPECT_EQ(rest.next, "");
  EXPECT_EQ(trail.list("review:r2", {}).items.size(), 1u);
}

TYPED_TEST(AccountsTest, ABadCursorOrLimitIsRefused) {
  auto trail = this->template of<AuditTrail>();
  EXPECT_THROW(trail.list("", {.cursor = "1; DROP TABLE audit", .limit = 2}), InvalidInput);
  EXPECT_THROW(trail.list("", {.cursor = "", .limit = 0}), InvalidInput);
  EXPECT_THROW(trail.list("", {.cursor = "", .limit = kMaxPage + 1}), InvalidInput);
}

TEST(IdsTest, IdsAndSecretsDiffer) {
  EXPECT_EQ(new_id("job").size(), 4u + 32u);
  EXPECT_NE(new_id("job"), new_id("job"));
  EXPECT_EQ(new_secret().size(), 64u);
  EXPECT_NE(new_secret(), new_secret());
}

}  // namespace
}  // namespace vitrine::store
