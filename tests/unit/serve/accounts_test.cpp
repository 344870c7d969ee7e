// Signing in, CSRF, roles, tokens, and that shops do not see each other.
#include "service_fixture.h"

namespace vitrine::serve {
namespace {

using AccountsTest = ServiceTest;

const Json kRightPassword = {{"name", "writer-s1"}, {"password", "writer-password"}};
const Json kWrongPassword = {{"name", "writer-s1"}, {"password", "wrong"}};

TEST_F(AccountsTest, ASessionLastsUntilSignOut) {
  EXPECT_EQ(outcome(ask({}, "GET", "/api/v1/session")), "204");
  const Asker writer = sign_in("writer");
  EXPECT_EQ(json_of(ask(writer, "GET", "/api/v1/session"))["user"]["name"], "writer-s1");
  EXPECT_EQ(outcome(ask(writer, "DELETE", "/api/v1/session")), "204");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/session")), "204");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/products")), "401 not_signed_in");
}

TEST_F(AccountsTest, TheCookieIsForThisSiteAndNoScript) {
  const HttpResponse response = send({}, "POST", "/api/v1/session", kRightPassword);
  const auto cookie = std::find_if(response.headers.begin(), response.headers.end(), [](const auto& h) { return h.first == "Set-Cookie"; });
  ASSERT_NE(cookie, response.headers.end());
  EXPECT_NE(cookie->second.find("HttpOnly; SameSite=Strict"), std::string::npos) << cookie->second;
}

TEST_F(AccountsTest, FiveFailuresCloseTheAccountForTheirAddressAlone) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kWrongPassword)), "401 wrong_password");
  const HttpResponse closed = send({}, "POST", "/api/v1/session", kRightPassword);
  EXPECT_EQ(outcome(closed), "429 too_many_attempts");
  EXPECT_TRUE(parse_json(closed.body, "problem").contains("reset_at"));
  sign_in("reviewer");  // somebody else in the same shop
  address_ = "192.0.2.2";
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kRightPassword)), "200") << "strangers lock nobody out";
}

TEST_F(AccountsTest, FiftyFailuresCloseTheAddress) {
  auto& failed = service_->failed_of_address;
  for (int i = 0; i < 49; ++i) failed.note(address_, store::utc_now());
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", {{"name", "nobody"}, {"password", "x"}})), "401 wrong_password");
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kRightPassword)), "429 too_many_attempts");
}

TEST_F(AccountsTest, ASuccessForgetsTheFailuresOfItsAccount) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kWrongPassword)), "401 wrong_password");
    EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kRightPassword)), "200");
  }
}

TEST_F(AccountsTest, OnesOwnPasswordIsChangedWithTheCurrentOne) {
  const Asker admin = sign_in("admin"), writer = sign_in("writer");
  const auto change = [&](const Asker& asker, const std::string& id, const Json& body) { return outcome(send(asker, "PATCH", "/api/v1/users/" + id, body)); };
  EXPECT_EQ(change(writer, "u-writer", {{"password", "long enough"}}), "400 bad_request");
  EXPECT_EQ(change(writer, "u-writer", {{"current_password", "writer-password"}}), "400 bad_request");
  EXPECT_EQ(change(admin, "u-admin", {{"password", "long enough"}}), "400 bad_request") << "an admin's own too";
  EXPECT_EQ(change(admin, "u-reviewer", {{"password", "long enough"}}), "200") << "of another";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(change(writer, "u-writer", {{"password", "long enough"}, {"current_password", "wrong"}}), "403 wrong_current_password");
  EXPECT_EQ(change(writer, "u-writer", {{"password", "long enough"}, {"current_password", "writer-password"}}), "429 too_many_attempts");
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", kRightPassword)), "429 too_many_attempts") << "they count as failures of signing in";
  address_ = "192.0.2.2";
  EXPECT_EQ(change(writer, "u-writer", {{"password", "long enough"}, {"current_password", "writer-password"}}), "200");
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", {{"name", "writer-s1"}, {"password", "long enough"}})), "200");
}

TEST_F(AccountsTest, ATokenDoesNotEndBeforeItBegins) {
  const Asker writer = sign_in("writer");
  const HttpResponse refused = send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}, {"expires_at", to_rfc3339(store::utc_now() - std::chrono::seconds(1))}});
  EXPECT_EQ(outcome(refused), "422 impossible");
  EXPECT_EQ(parse_json(refused.body, "problem")["errors"][0]["field"], "/expires_at");
  EXPECT_EQ(outcome(send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}, {"expires_at", to_rfc3339(store::utc_now() + std::chrono::hours(1))}})), "201");
}

TEST_F(AccountsTest, AShopIsAddedWithAnAdminThatSeesNothingOfTheOthers) {
  const NewShop added = serve::add_shop(*service_, "二店");
  EXPECT_EQ(added.shop.id, "s3");
  EXPECT_EQ(added.admin, "admin-s3");
  const HttpResponse signed_in = send({}, "POST", "/api/v1/session", {{"name", added.admin}, {"password", added.password}});
  const Json session = json_of(signed_in);
  EXPECT_EQ(session["shop"]["name"], "二店");
  EXPECT_EQ(session["user"]["role"], "admin");
  Asker admin;
  for (const auto& [name, value] : signed_in.headers) {
    if (name == "Set-Cookie") admin.cookie = value.substr(16, value.find(';') - 16);
  }
  EXPECT_EQ(json_of(ask(admin, "GET", "/api/v1/products"))["total"], 0);
  EXPECT_EQ(json_of(ask(admin, "GET", "/api/v1/users"))["items"].size(), 1u);
  EXPECT_THROW(serve::add_shop(*service_, "二店"), InvalidInput);
  EXPECT_THROW(serve::add_shop(*service_, " \u3000"), InvalidInput);
}

TEST_F(AccountsTest, WhatChangesNeedsTheSessionsToken) {
  Asker writer = sign_in("writer");
  const std::string csrf = writer.csrf;
  for (const std::string& wrong : {std::string(), std::string("x"), sign_in("admin").csrf}) {
    writer.csrf = wrong;
    EXPECT_EQ(outcome(send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}})), "403 csrf");
    EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/tokens")), "200");
  }
  writer.csrf = csrf;
  EXPECT_EQ(outcome(send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}})), "201");
}

TEST_F(AccountsTest, AProgramComesInByItsTokenUntilItIsRevoked) {
  const Asker writer = sign_in("writer");
  const Json token = json_of(send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}}));
  const Asker program{.cookie = {}, .csrf = {}, .token = token["secret"]};
  EXPECT_EQ(outcome(ask(program, "GET", "/api/v1/products")), "200");
  EXPECT_EQ(outcome(send(program, "POST", "/api/v1/tokens", {{"name", "more"}})), "403 forbidden");
  EXPECT_EQ(outcome(send(program, "PATCH", "/api/v1/users/u-writer", {{"password", "long enough"}})), "403 forbidden");
  EXPECT_FALSE(json_of(ask(writer, "GET", "/api/v1/tokens"))["items"][0].contains("secret"));
  EXPECT_EQ(outcome(ask(sign_in("admin"), "DELETE", "/api/v1/tokens/" + token["id"].get<std::string>())), "404 unknown");
  EXPECT_EQ(outcome(ask(writer, "DELETE", "/api/v1/tokens/" + token["id"].get<std::string>())), "204");
  EXPECT_EQ(outcome(ask(program, "GET", "/api/v1/products")), "401 not_signed_in");
}

TEST_F(AccountsTest, AnotherPasswordEndsTokensAndOtherSessions) {
  const Asker writer = sign_in("writer"), elsewhere = sign_in("writer");
  const Json token = json_of(send(writer, "POST", "/api/v1/tokens", {{"name", "ERP"}}));
  const Asker program{.cookie = {}, .csrf = {}, .token = token["secret"]};
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/users/u-writer", {{"password", "long enough"}, {"current_password", "writer-password"}})), "200");
  EXPECT_EQ(outcome(ask(program, "GET", "/api/v1/shop")), "401 not_signed_in");
  EXPECT_EQ(outcome(ask(elsewhere, "GET", "/api/v1/shop")), "401 not_signed_in");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/shop")), "200");
}

TEST_F(AccountsTest, OpenAiRoutesTakeTokensAlone) {
  EXPECT_EQ(outcome(send(sign_in("admin"), "POST", "/v1/completions", {{"prompt", "类型#裙"}})), "401 not_signed_in");
}

TEST_F(AccountsTest, RolesHoldForEveryOperation) {
  const Asker writer = sign_in("writer"), reviewer = sign_in("reviewer");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/users")), "403 forbidden");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/audit")), "403 forbidden");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/statistics")), "403 forbidden");
  EXPECT_EQ(outcome(send(writer, "POST", "/api/v1/reviews/r/decisions", {{"decision", "approve"}})), "403 forbidden");
  EXPECT_EQ(outcome(send(reviewer, "PATCH", "/api/v1/shop", {{"own_approval", true}})), "403 forbidden");
  EXPECT_EQ(outcome(ask(reviewer, "PUT", "/api/v1/models/m/promotion")), "403 forbidden");
  EXPECT_EQ(outcome(ask(reviewer, "GET", "/api/v1/statistics")), "200");
  EXPECT_EQ(outcome(send(sign_in("admin"), "PATCH", "/api/v1/shop", {{"own_approval", true}})), "200");
}

TEST_F(AccountsTest, EveryOperationButTheOpenOnesRefusesStrangers) {
  for (const Operation& operation : all_operations()) {
    if (operation.access == Access::open) continue;
    EXPECT_EQ(outcome(ask({}, std::string(operation.method), std::string(operation.path))), "401 not_signed_in") << operation.id;
    EXPECT_EQ(outcome(ask({.cookie = "x", .csrf = "", .token = ""}, std::string(operation.method), std::string(operation.path))), "401 not_signed_in") << operation.id;
  }
}

TEST_F(AccountsTest, AdminsChangeAccountsAndOthersTheirPasswordAlone) {
  const Asker admin = sign_in("admin"), writer = sign_in("writer");
  const Json added = json_of(send(admin, "POST", "/api/v1/users", {{"name", "新人"}, {"password", "long enough"}, {"role", "writer"}}));
  EXPECT_EQ(outcome(send(admin, "POST", "/api/v1/users", {{"name", "新人"}, {"password", "long enough"}, {"role", "writer"}})), "409 name_taken");
  EXPECT_EQ(outcome(send(admin, "POST", "/api/v1/users", {{"name", "b"}, {"password", "short"}, {"role", "writer"}})), "400 bad_request");
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/users/u-writer", {{"role", "admin"}})), "403 forbidden");
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/users/u-admin", {{"password", "long enough"}})), "403 forbidden");
  EXPECT_EQ(outcome(send(writer, "PATCH", "/api/v1/users/u-writer", {{"password", "long enough"}, {"current_password", "writer-password"}})), "200");
  EXPECT_EQ(outcome(ask(writer, "GET", "/api/v1/shop")), "200") << "signed out by the own change";
  EXPECT_EQ(outcome(send(admin, "PATCH", "/api/v1/users/u-admin", {{"active", false}})), "409 last_admin");
  EXPECT_EQ(json_of(send(admin, "PATCH", "/api/v1/users/" + added["id"].get<std::string>(), {{"active", false}}))["active"], false);
  EXPECT_EQ(outcome(send({}, "POST", "/api/v1/session", {{"name", "新人"}, {"password", "long enough"}})), "401 wrong_password");
}

TEST_F(AccountsTest, AnotherShopsThingsAreAnsweredLikeUnknownOnes) {
  {
    auto loan = service_->database.borrow();
    store::Candidates(*loan, "s2").add({candidate("only-s2", "x")});
    store::Users(*loan, "s2").add({.id = "u-only", .name = "only", .role = store::Role::writer, .active = true, .created_at = store::utc_now(), .seen_at = {}}, "");
  }
  const Asker admin = sign_in("admin");
  EXPECT_EQ(outcome(ask(admin, "GET", "/api/v1/candidates/only-s2")), "404 unknown");
  EXPECT_EQ(outcome(ask(admin, "GET", "/api/v1/candidates/only-s2/explanation")), "404 unknown");
  EXPECT_EQ(outcome(ask(admin, "GET", "/api/v1/candidates/only-s2/picture")), "404 unknown");
  EXPECT_EQ(outcome(send(admin, "PATCH", "/api/v1/users/u-only", {{"active", false}})), "404 unknown");
  EXPECT_EQ(outcome(send(admin, "PUT", "/api/v1/picks/k9", {{"shown_ids", {"only-s2"}}, {"chosen", "none"}, {"edits", Json::array()}, {"ms", 1}})), "404 unknown");
  EXPECT_EQ(outcome(send(admin, "PUT", "/api/v1/boards/b1", {{"id", "b1"}, {"name", "b"}, {"candidate_ids", {"only-s2"}}})), "404 unknown");
  EXPECT_EQ(json_of(ask(admin, "GET", "/api/v1/candidates?job_id=job-1"))["items"].size(), 2u);
  EXPECT_EQ(json_of(ask(admin, "GET", "/api/v1/products/p1"))["product"]["title_raw"], "真丝连衣裙 of s1");
  EXPECT_EQ(json_of(ask(sign_in("admin", "s2"), "GET", "/api/v1/products/p1"))["product"]["title_raw"], "真丝连衣裙 of s2");
}

}  // namespace
}  // namespace vitrine::serve
