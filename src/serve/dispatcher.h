// serve/dispatcher.h - the way of every request: its operation is found, the caller is admitted, the
// body is read, the handler answers; whatever is thrown becomes a problem document.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "serve/operation.h"

namespace vitrine::serve {

/// Fills `body` or `upload` of the request. Throws Refusal: too_large, slow_request, bad_request.
using ReadBody = std::function<void(HttpRequest& request, BodyKind kind)>;

/// Thread-safe.
class Dispatcher {
 public:
  /// `service` must outlive it.
  Dispatcher(Service& service, std::span<const Operation> operations);

  /// Never throws. `read_body` is called at most once, and only for a caller who may call.
  HttpResponse answer(HttpRequest& request, const ReadBody& read_body) const;

 private:
  struct Found {
    const Operation* operation = nullptr;
    std::vector<std::string> values;
  };
  Found find(const HttpRequest& request) const;
  HttpResponse answer_or_throw(HttpRequest& request, const ReadBody& read_body,
                               struct AccessEntry& entry) const;
  void admit(const Operation& operation, Call& call) const;

  Service& service_;
  std::vector<Operation> operations_;
};

}  // namespace vitrine::serve
