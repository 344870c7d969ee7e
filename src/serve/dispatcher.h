// serve/dispatcher.h - the way of every request: its operation is found, the caller is admitted, the
// body is read, the handler answers; whatever is thrown becomes a problem document.
#pragma once
#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "serve/operation.h"
#include "serve/problem.h"

namespace vitrine::serve {

struct AccessEntry;

/// Fills `body` or `upload` of the request. Throws Refusal: too_large, slow_request, bad_request.
using ReadBody = std::function<void(HttpRequest& request, BodyKind kind)>;

/// Thread-safe.
class Dispatcher {
 public:
  /// `service` must outlive it.
  Dispatcher(Service& service, std::span<const Operation> operations);

  /// Never throws. `read_body` is called at most once, and only for a caller who may call.
  HttpResponse answer(HttpRequest& request, const ReadBody& read_body) const;
  /// Refuses what is no request, or one that nobody should look at: with an id, in the log and in the metrics
  /// as all others.
  HttpResponse refuse(HttpRequest& request, const Refusal& refusal) const;

 private:
  struct Found {
    const Operation* operation = nullptr;
    std::vector<std::string> values;
  };
  Found find(const HttpRequest& request) const;
  HttpResponse answer_or_throw(HttpRequest& request, const ReadBody& read_body,
                               AccessEntry& entry) const;
  void admit(const Operation& operation, Call& call) const;
  void note(AccessEntry& entry, HttpResponse& response, std::chrono::steady_clock::time_point start) const;

  Service& service_;
  std::vector<Operation> operations_;
};

}  // namespace vitrine::serve
