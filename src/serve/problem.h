// serve/problem.h - what a request is refused with: problem documents (RFC 9457) with stable codes.
#pragma once
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "serve/http.h"
#include "store/value.h"

namespace vitrine::serve {

/// What is wrong with one field of a request.
struct FieldFault {
  std::string field;  // JSON Pointer into the body, or the name of a query parameter
  std::string detail;
};

/// A code with its status and its words; docs/serving.md lists them.
struct ProblemKind {
  std::string_view code;
  int status;
  std::string_view zh, en;
};
/// null = the table lacks the code.
const ProblemKind* find_problem_kind(std::string_view code);
/// Throws InternalError for a code that the table lacks.
const ProblemKind& problem_kind(std::string_view code);

/// Ends a request with a problem document.
class Refusal : public Error {
 public:
  explicit Refusal(std::string_view code, std::string detail = "",
                   std::vector<FieldFault> faults = {});
  /// Over a limit until `reset_at`.
  Refusal(std::string_view code, store::UtcMillis reset_at);
  /// `methods`: what the address takes, "GET, HEAD" (RFC 9110: Allow).
  static Refusal method_not_allowed(std::string methods);

  const ProblemKind& kind() const { return kind_; }
  const std::string& detail() const { return detail_; }
  const std::vector<FieldFault>& faults() const { return faults_; }
  const std::optional<store::UtcMillis>& reset_at() const { return reset_at_; }
  const std::string& allowed_methods() const { return allowed_methods_; }

 private:
  const ProblemKind& kind_;
  std::string detail_;
  std::vector<FieldFault> faults_;
  std::optional<store::UtcMillis> reset_at_;
  std::string allowed_methods_;
};

/// What an exception of the rooms below means to a client. Faults of ours become `internal`,
/// without their message: that is for the log.
Refusal refusal_of(const std::exception& error);

/// The detail as others may read it: that of a fault of the server is for its log, since it may name folders.
std::string shown_detail(const Refusal& refusal);

/// The document, in the language of the request.
Json problem_json(const Refusal& refusal, const HttpRequest& request);
/// The document as an answer, with Retry-After where there is a time, Allow where the method is wrong.
HttpResponse problem_response(const Refusal& refusal, const HttpRequest& request);

}  // namespace vitrine::serve
