#include "serve/dispatcher.h"

#include <algorithm>

#include "base/log.h"
#include "base/stopwatch.h"
#include "serve/access_log.h"
#include "serve/body_reader.h"
#include "serve/page.h"
#include "serve/passwords.h"
#include "serve/problem.h"
#include "serve/service.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kMaxRequestId = 64;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    segments.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

/// The values of {…} when the path is the pattern's; nothing when it is not.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string_view>& path) {
  const auto wanted = segments_of(pattern);
  std::vector<std::string> values;
  if (wanted.size() != path.size()) return std::nullopt;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != path[i]) return std::nullopt;
      continue;
    }
    auto value = percent_decoded(path[i]);
    if (!value) throw Refusal("bad_address");
    values.push_back(std::move(*value));
  }
  return values;
}

bool is_api(std::string_view path) {
  constexpr std::string_view kPrefixes[] = {"/api/", "/v1/", "/healthz", "/metrics"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return path.starts_with(prefix); });
}

bool may_call(Access access, store::Role role) {
  if (access == Access::admin) return role == store::Role::admin;
  return access != Access::reviewer || role != store::Role::writer;
}

/// A client's own id, when it is harmless in a log and a header.
std::string request_id(const HttpRequest& request) {
  const std::string own = request.header("x-request-id");
  const bool is_plain = std::all_of(own.begin(), own.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!own.empty() && own.size() <= kMaxRequestId && is_plain) return own;
  return store::new_id("req");
}

/// What the log says of a request, which gets its id here.
AccessEntry entry_of(HttpRequest& request) {
  request.id = request_id(request);
  return {.request_id = request.id, .remote_address = request.remote_address,
          .method = request.method, .path = request.path,
          .operation = {}, .shop_id = {}, .user_id = {}, .error = {}};
}

void require_type(const HttpRequest& request, BodyKind kind) {
  const std::string type = request.content_type();
  const bool is_json = type == "application/json", is_form = type == "multipart/form-data";
  if (kind == BodyKind::json && !is_json) {
    throw Refusal("wrong_type", "expected Content-Type: application/json");
  }
  if (kind == BodyKind::upload && !is_form) {
    throw Refusal("wrong_type", "expected Content-Type: multipart/form-data");
  }
  if (kind == BodyKind::json_or_upload && !is_json && !is_form) {
    throw Refusal("wrong_type", "expected Content-Type: application/json or multipart/form-data");
  }
}

}  // namespace

HttpResponse json_response(const Json& json, int status) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = dump_line(json);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

Dispatcher::Dispatcher(Service& service, std::span<const Operation> operations)
    : service_(service), operations_(operations.begin(), operations.end()) {}

Dispatcher::Found Dispatcher::find(const HttpRequest& request) const {
  const auto path = segments_of(request.path);
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (const Operation& operation : operations_) {
    auto values = match(operation.path, path);
    if (values && operation.method == method) return {&operation, std::move(*values)};
    if (!values) continue;
    allowed += concat(allowed.empty() ? "" : ", ", operation.method, operation.method == "GET" ? ", HEAD" : "");
  }
  if (!allowed.empty()) throw Refusal::method_not_allowed(std::move(allowed));
  return {};
}

/// Who calls, and whether he may. A browser's request that changes something names its session's
/// token, which no other site can read.
void Dispatcher::admit(const Operation& operation, Call& call) const {
  const HttpRequest& request = call.request;
  const std::string authorization = request.header("authorization");
  const bool has_token = authorization.starts_with(kBearer);
  if (!has_token && operation.access != Access::token) call.session_secret = request.cookie(kSessionCookie);
  if (has_token || !call.session_secret.empty()) {
    auto loan = service_.database.borrow();
    const auto now = store::utc_now();
    call.caller = has_token ? store::find_api_token(*loan, authorization.substr(kBearer.size()), now)
                            : store::find_session(*loan, call.session_secret, now);
  }
  if (operation.access == Access::open) return;
  if (!call.caller) throw Refusal("not_signed_in");
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (changes && !has_token &&
      !are_equal_secrets(request.header("x-csrf-token"), call.caller->csrf_token)) {
    throw Refusal("csrf");
  }
  if (!may_call(operation.access, call.user().role)) throw Refusal("forbidden");
}

HttpResponse Dispatcher::answer_or_throw(HttpRequest& request, const ReadBody& read_body,
                                         AccessEntry& entry) const {
  const Found found = find(request);
  if (found.operation == nullptr) {
    if (is_api(request.path)) throw Refusal("unknown_address");
    entry.operation = "page";
    return page_response(request);
  }
  const Operation& operation = *found.operation;
  entry.operation = operation.id;
  Call call{.request = request, .values = found.values};
  admit(operation, call);
  if (call.caller) {
    entry.shop_id = call.shop_id();
    entry.user_id = call.user().id;
  }
  if (operation.body != BodyKind::none) {
    require_type(request, operation.body);
    read_body(request, operation.body);
    if (!request.upload) call.body = parse_body(request.body);
  }
  return operation.handler(service_, call);
}

HttpResponse Dispatcher::answer(HttpRequest& request, const ReadBody& read_body) const {
  const auto start = SteadyClock::now();
  AccessEntry entry = entry_of(request);
  HttpResponse response;
  try {
    response = answer_or_throw(request, read_body, entry);
  } catch (const std::exception& error) {
    const Refusal refusal = refusal_of(error);
    response = problem_response(refusal, request);
    // The message of a refusal may quote the body, which may hold a password.
    entry.error = response.status >= 500 ? std::string(error.what()) : std::string(refusal.kind().code);
    const bool is_told = dynamic_cast<const Refusal*>(&error) != nullptr || !refusal.detail().empty();
    if (response.status >= 500 || !is_told) log_warn("[serve] ", request.id, " ", entry.operation, ": ", error.what());
  }
  note(entry, response, start);
  return response;
}

HttpResponse Dispatcher::refuse(HttpRequest& request, const Refusal& refusal) const {
  AccessEntry entry = entry_of(request);
  entry.error = refusal.kind().code;
  HttpResponse response = problem_response(refusal, request);
  note(entry, response, SteadyClock::now());
  return response;
}

void Dispatcher::note(AccessEntry& entry, HttpResponse& response, SteadyClock::time_point start) const {
  response.headers.emplace_back("X-Request-Id", entry.request_id);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  entry.status = response.status;
  const double seconds = seconds_since(start);
  entry.ms = seconds * 1000;
  service_.access_log.write(entry);
  service_.requests.note(entry.operation.empty() ? "none" : entry.operation, entry.status, seconds);
}

}  // namespace vitrine::serve
