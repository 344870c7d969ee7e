// serve/operation.h - one operation of docs/api/openapi.yaml: its address, who may call it, what it
// takes, and the function that answers.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "serve/http.h"
#include "store/sessions.h"

namespace vitrine::serve {

struct Service;

/// Who may call. reviewer, admin: also those above. token: programs with an API token alone.
enum class Access { open, token, writer, reviewer, admin };
/// What the body may be. upload: a form with one file.
enum class BodyKind { none, json, upload, json_or_upload };

/// A request on its way to a handler.
struct Call {
  const HttpRequest& request;
  std::vector<std::string> values = {};  // of {…} in the path
  std::optional<store::Caller> caller = {};  // nobody only where Access is open
  std::string session_secret = {};       // of a browser; empty for an API token
  Json body = nullptr;                   // null without one

  const std::string& id() const { return values.front(); }
  const std::string& shop_id() const { return caller->shop_id; }
  const store::User& user() const { return caller->user; }
};

/// Answers, or throws what refusal_of understands.
using Handler = HttpResponse (*)(Service& service, Call& call);

struct Operation {
  std::string_view id;      // operationId
  std::string_view method;  // GET, …
  std::string_view path;    // "/api/v1/products/{id}"
  Access access = Access::writer;
  BodyKind body = BodyKind::none;
  Handler handler = nullptr;
};

HttpResponse json_response(const Json& json, int status = 200);
HttpResponse no_content();

}  // namespace vitrine::serve
