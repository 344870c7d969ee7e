// base/error.h - the exceptions of the program and the check that throws them.
//
// Each type says what the caller can do, and the program's `main` turns it into an exit code.
#pragma once
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>

namespace vitrine {

/// Base of all our exceptions; `what()` is one line: "[function] thing: expected a, got b".
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::source_location where = std::source_location::current())
      : std::runtime_error(message), where_(where) {}
  /// Where it was thrown, for --log-level debug.
  const std::source_location& where() const noexcept { return where_; }

 private:
  std::source_location where_;
};

class InvalidInput : public Error { using Error::Error; };   // a contract broken at a public edge
class UsageError : public Error { using Error::Error; };     // wrong command line: exit code 2
class NotFound : public Error { using Error::Error; };       // a file, model or id that is not there
class Corrupt : public Error { using Error::Error; };        // a file whose bytes contradict its format
class Busy : public Error { using Error::Error; };           // try again later
class Cancelled : public Error { using Error::Error; };      // Ctrl-C or a cancelled job: exit code 130
class IoError : public Error { using Error::Error; };        // the operating system refused (full disk)
class InternalError : public Error { using Error::Error; };  // a bug of ours; never caught to go on

/// Joins its arguments by `operator<<` into one string.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace vitrine

/// Always on. VITRINE_REQUIRE(x > 0, "[scale] x: expected > 0, got ", x);
#define VITRINE_REQUIRE(cond, ...)                                       \
  do {                                                                   \
    if (!(cond)) throw ::vitrine::InvalidInput(::vitrine::concat(__VA_ARGS__)); \
  } while (false)
