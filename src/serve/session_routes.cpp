// Who works here: signing in, accounts, API tokens, the shop's settings.
#include <algorithm>

#include "checks/text_label.h"
#include "serve/body_reader.h"
#include "serve/operations.h"
#include "serve/passwords.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr TextLimits kName{.min = 1, .max = 100, .blanks = Blanks::not_alone};
constexpr TextLimits kUserName{.min = 1, .max = 100, .blanks = Blanks::not_at_ends};
constexpr TextLimits kPassword{.min = kLeastPassword, .max = kMostPassword, .blanks = Blanks::not_alone};
constexpr size_t kCsrfTokenSize = 32;
constexpr double kMaxPrice = 1e9;

std::string session_cookie(const Service& service, const std::string& secret, int64_t max_age_s) {
  return concat(kSessionCookie, "=", secret, "; HttpOnly; SameSite=Strict; Path=/; Max-Age=", max_age_s,
                service.config.secure_cookies ? "; Secure" : "");
}

store::Shop shop_of(store::Connection& connection, const std::string& shop_id) {
  return need(store::Shops(connection).find(shop_id));
}

Json session_json(store::Connection& connection, const store::Caller& caller) {
  const auto never = store::UtcMillis(std::chrono::sys_days(std::chrono::year(9999) / 12 / 31));
  return {{"user", to_json(caller.user)},
          {"shop", to_json(shop_of(connection, caller.shop_id))},
          {"csrf_token", caller.csrf_token},
          {"expires_at", to_rfc3339(caller.expires_at.value_or(never))}};
}

HttpResponse get_session(Service& service, Call& call) {
  if (!call.caller) return no_content();
  auto loan = service.database.borrow();
  return json_response(session_json(*loan, *call.caller));
}

struct Attempt {
  std::string name, password;
};
Attempt read_attempt(const Json& json) {
  BodyReader body(json);
  body.require({"name", "password"});
  Attempt attempt{body.text("name", {.max = 100}), body.text("password", {.max = 1000})};
  body.finish();
  return attempt;
}

/// The account, when the password is its own. An unknown name costs as much time as a known one.
std::optional<store::Login> authenticate(Service& service, const Attempt& attempt) {
  static const std::string kNobody = hash_password("no account has this hash");
  std::optional<store::Login> login;
  {
    auto loan = service.database.borrow();
    login = store::find_login(*loan, attempt.name);
  }
  const bool is_right = is_password_of(attempt.password, login ? login->password_hash : kNobody);
  return is_right && login && login->user.active ? login : std::nullopt;
}

/// The account, when the password is its own. Failures are counted for the account from this address, and for
/// the address, behind which others may work. Throws Refusal: too_many_attempts, whatever the password;
/// `wrong`.
store::Login authenticate_or_throw(Service& service, const Attempt& attempt, const std::string& address, std::string_view wrong) {
  const std::string key = attempt.name + "\n" + address;
  const auto now = store::utc_now();
  const auto until = std::max(service.failed_logins.closed_until(key, now), service.failed_of_address.closed_until(address, now));
  if (until) throw Refusal("too_many_attempts", *until);
  const auto login = authenticate(service, attempt);
  if (!login) {
    service.failed_logins.note(key, now);
    service.failed_of_address.note(address, now);
    throw Refusal(wrong);
  }
  service.failed_logins.forget(key);
  return *login;
}

store::Caller open_session(Service& service, const store::Login& login, const std::string& secret) {
  const auto now = store::utc_now();
  store::Caller caller{.shop_id = login.shop_id,
                       .user = login.user,
                       .csrf_token = store::new_secret().substr(0, kCsrfTokenSize),
                       .expires_at = now + std::chrono::hours(service.config.session_hours)};
  caller.user.seen_at = now;
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::remove_expired_sessions(*loan, now);
  store::Sessions(*loan, login.shop_id).open(secret, login.user.id, caller.csrf_token, now, *caller.expires_at);
  store::Users(*loan, login.shop_id).set_seen(login.user.id, now);
  transaction.commit();
  return caller;
}

HttpResponse sign_in(Service& service, Call& call) {
  const Attempt attempt = read_attempt(call.body);
  const store::Login login = authenticate_or_throw(service, attempt, call.request.remote_address, "wrong_password");
  const std::string secret = store::new_secret();
  const store::Caller caller = open_session(service, login, secret);
  auto loan = service.database.borrow();
  HttpResponse response = json_response(session_json(*loan, caller));
  response.headers.emplace_back("Set-Cookie", session_cookie(service, secret, service.config.session_hours * 3600));
  return response;
}

HttpResponse sign_out(Service& service, Call& call) {
  if (!call.session_secret.empty()) {
    auto loan = service.database.borrow();
    store::Sessions(*loan, call.shop_id()).close(call.session_secret);
  }
  HttpResponse response = no_content();
  response.headers.emplace_back("Set-Cookie", session_cookie(service, "", 0));
  return response;
}

// ---- accounts

HttpResponse list_users(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Users(*loan, call.shop_id()).list()));
}

struct NewUser {
  store::User user;
  std::string password;
};
NewUser read_new_user(const Json& json) {
  BodyReader body(json);
  body.require({"name", "password", "role"});
  NewUser added;
  added.user.id = store::new_id("u");
  added.user.name = body.text("name", kUserName);
  added.password = body.text("password", kPassword);
  added.user.role = body.word_of<store::Role>("role");
  added.user.created_at = store::utc_now();
  body.finish();
  return added;
}

HttpResponse add_user(Service& service, Call& call) {
  const NewUser added = read_new_user(call.body);
  const std::string hash = hash_password(added.password);
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  if (!store::Users(*loan, call.shop_id()).add(added.user, hash)) throw Refusal("name_taken");
  note_change(*loan, call, "user.add", "user:" + added.user.id, nullptr,
              {{"name", added.user.name}, {"role", to_word(added.user.role)}});
  transaction.commit();
  return json_response(to_json(added.user), 201);
}

struct UserPatch {
  std::optional<std::string> password, current_password;
  std::optional<store::Role> role;
  std::optional<bool> active;
};
UserPatch read_user_patch(const Json& json) {
  BodyReader body(json);
  UserPatch patch;
  if (body.has("password")) patch.password = body.text("password", kPassword);
  if (body.has("current_password")) patch.current_password = body.text("current_password", {.max = 1000});
  if (patch.current_password && !patch.password) body.fault("current_password", "belongs to a new password");
  if (body.has("role")) patch.role = body.word_of<store::Role>("role");
  if (body.has("active")) patch.active = body.flag("active");
  if (json.empty()) body.fault("", "expected at least one field");
  body.finish();
  return patch;
}

void require_another_admin(store::Users& users, const std::string& id) {
  for (const store::User& user : users.list()) {
    if (user.id != id && user.active && user.role == store::Role::admin) return;
  }
  throw Refusal("last_admin");
}

/// One who changes his own password stays signed in here, and nowhere else.
void keep_own_session(Service& service, const Call& call, store::Connection& connection) {
  if (call.session_secret.empty()) return;
  store::Sessions(connection, call.shop_id())
      .open(call.session_secret, call.user().id, call.caller->csrf_token, store::utc_now(),
            store::utc_now() + std::chrono::hours(service.config.session_hours));
}

Json json_of(const UserPatch& patch) {
  Json json = Json::object();
  if (patch.role) json["role"] = to_word(*patch.role);
  if (patch.active) json["active"] = *patch.active;
  if (patch.password) json["password"] = "changed";
  return json;
}

/// A token that leaked must not become a way to stay: it neither changes passwords nor makes tokens.
void require_session(const Call& call) {
  if (call.session_secret.empty()) throw Refusal("forbidden", "an API token may not do this: sign in");
}

/// Whoever finds a browser that is signed in must not be able to keep the account.
void require_current_password(Service& service, const Call& call, const UserPatch& patch) {
  if (!patch.current_password) throw Refusal("bad_request", "", {{"/current_password", "is missing: one's own password is changed with it"}});
  authenticate_or_throw(service, {call.user().name, *patch.current_password}, call.request.remote_address, "wrong_current_password");
}

HttpResponse change_user(Service& service, Call& call) {
  const UserPatch patch = read_user_patch(call.body);
  if (patch.password) require_session(call);
  const bool is_own = call.id() == call.user().id;
  const bool is_admin = call.user().role == store::Role::admin;
  if (!is_admin && (!is_own || patch.role || patch.active)) throw Refusal("forbidden");
  if (patch.password && is_own) require_current_password(service, call, patch);
  const std::string hash = patch.password ? hash_password(*patch.password) : "";
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::Users users(*loan, call.shop_id());
  const store::User before = need(users.find(call.id()));
  const bool gives_up_admin = (patch.role && *patch.role != store::Role::admin) || patch.active == false;
  if (before.role == store::Role::admin && gives_up_admin) require_another_admin(users, call.id());
  if (patch.role) users.set_role(call.id(), *patch.role);
  if (patch.active) users.set_active(call.id(), *patch.active);
  if (patch.password) users.set_password_hash(call.id(), hash);
  if (patch.password && is_own) keep_own_session(service, call, *loan);
  note_change(*loan, call, "user.change", "user:" + call.id(),
              {{"role", to_word(before.role)}, {"active", before.active}}, json_of(patch));
  const store::User changed = need(users.find(call.id()));
  transaction.commit();
  return json_response(to_json(changed));
}

// ---- API tokens

HttpResponse list_tokens(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::ApiTokens(*loan, call.shop_id()).list(call.user().id)));
}

HttpResponse add_token(Service& service, Call& call) {
  require_session(call);
  BodyReader body(call.body);
  body.require({"name"});
  store::ApiToken token;
  token.id = store::new_id("t");
  token.user_id = call.user().id;
  token.name = body.text("name", kName);
  token.created_at = store::utc_now();
  if (body.has("expires_at")) token.expires_at = body.time("expires_at");
  body.finish();
  if (token.expires_at && *token.expires_at <= token.created_at) throw Refusal("impossible", "", {{"/expires_at", "is over"}});
  const std::string secret = "vt_" + store::new_secret();
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::ApiTokens(*loan, call.shop_id()).add(token, secret);
  note_change(*loan, call, "token.add", "token:" + token.id, nullptr, {{"name", token.name}});
  transaction.commit();
  Json json = to_json(token);
  json["secret"] = secret;
  return json_response(json, 201);
}

HttpResponse remove_token(Service& service, Call& call) {
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  need(store::ApiTokens(*loan, call.shop_id()).remove(call.user().id, call.id()));
  note_change(*loan, call, "token.remove", "token:" + call.id(), nullptr, nullptr);
  transaction.commit();
  return no_content();
}

// ---- the shop

HttpResponse get_shop(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(to_json(shop_of(*loan, call.shop_id())));
}

void read_label(BodyReader label, store::Shop& shop) {
  label.require({"wording", "place"});
  shop.label_wording = label.text("wording");
  shop.label_place = label.word_of<store::LabelPlace>("place");
  const auto& known = checks::LabelWordings::shipped().all();
  if (std::find(known.begin(), known.end(), shop.label_wording) == known.end()) {
    label.fault("wording", "expected one of Options.wordings");
  }
  label.finish();
}

/// They stand in labels, on one line. Throws Refusal (impossible).
void require_plain(const std::string& text, const std::string& field) {
  const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  if (!is_plain) throw Refusal("impossible", "", {{field, "holds control characters"}});
}

/// The shop with what the body changes.
store::Shop patched_shop(const Json& json, store::Shop shop) {
  BodyReader body(json);
  if (body.has("name")) shop.name = body.text("name", kName);
  if (body.has("producer")) shop.producer = body.text("producer", {.min = 1, .max = 200, .blanks = Blanks::not_alone});
  if (body.has("label")) read_label(body.object("label"), shop);
  if (body.has("own_approval")) shop.own_approval = body.flag("own_approval");
  if (body.has("price_per_hour")) shop.price_per_hour = body.number("price_per_hour", 0, kMaxPrice);
  if (body.has("operator_price_per_hour")) {
    shop.operator_price_per_hour = body.number("operator_price_per_hour", 0, kMaxPrice);
  }
  if (json.empty()) body.fault("", "expected at least one field");
  body.finish();
  if (body.has("name")) require_plain(shop.name, "/name");
  if (body.has("producer")) require_plain(shop.producer, "/producer");
  return shop;
}

HttpResponse change_shop(Service& service, Call& call) {
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  const store::Shop before = shop_of(*loan, call.shop_id());
  const store::Shop shop = patched_shop(call.body, before);
  store::Shops(*loan).change(shop);
  note_change(*loan, call, "shop.change", "shop:" + shop.id, to_json(before), to_json(shop));
  transaction.commit();
  return json_response(to_json(shop));
}

constexpr Operation kOperations[] = {
    {"getSession", "GET", "/api/v1/session", Access::open, BodyKind::none, get_session},
    {"signIn", "POST", "/api/v1/session", Access::open, BodyKind::json, sign_in},
    {"signOut", "DELETE", "/api/v1/session", Access::writer, BodyKind::none, sign_out},
    {"listUsers", "GET", "/api/v1/users", Access::admin, BodyKind::none, list_users},
    {"addUser", "POST", "/api/v1/users", Access::admin, BodyKind::json, add_user},
    {"changeUser", "PATCH", "/api/v1/users/{id}", Access::writer, BodyKind::json, change_user},
    {"listTokens", "GET", "/api/v1/tokens", Access::writer, BodyKind::none, list_tokens},
    {"addToken", "POST", "/api/v1/tokens", Access::writer, BodyKind::json, add_token},
    {"removeToken", "DELETE", "/api/v1/tokens/{id}", Access::writer, BodyKind::none, remove_token},
    {"getShop", "GET", "/api/v1/shop", Access::writer, BodyKind::none, get_shop},
    {"changeShop", "PATCH", "/api/v1/shop", Access::admin, BodyKind::json, change_shop},
};

}  // namespace

std::span<const Operation> session_operations() { return kOperations; }

}  // namespace vitrine::serve
