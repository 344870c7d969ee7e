// generation/stop_strings.h - strings that end a sequence, found in its bytes whatever the borders
// of tokens.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/term_automaton.h"

namespace vitrine::generation {

/// The UTF-8 bytes that each token adds, by id; may be empty, may end inside a code point.
using TokenBytes = std::vector<std::string>;

/// A stop string that was found.
struct StopHit {
  size_t idx = 0;           // which
  size_t bytes_before = 0;  // bytes of the generated text before it: there the caller cuts
  bool operator==(const StopHit&) const = default;
};

/// Immutable, thread-safe; shared by requests.
class StopStrings {
 public:
  static constexpr size_t kMaxBytes = 16384;  // of all strings together

  /// Throws InvalidInput: an empty string, more than kMaxBytes, no token_bytes.
  StopStrings(std::vector<std::string> strings, std::shared_ptr<const TokenBytes> token_bytes);

  const std::vector<std::string>& strings() const { return strings_; }
  size_t vocab_size() const { return token_bytes_->size(); }

  /// Follows one generated text.
  class Matcher {
   public:
    explicit Matcher(std::shared_ptr<const StopStrings> strings) : strings_(std::move(strings)) {}
    /// The string that is complete first, by its last byte; of those that end at the same byte the
    /// longest, of equal ones the first. REQUIRES: no hit before, token inside the vocabulary.
    std::optional<StopHit> push(int32_t token);

   private:
    std::shared_ptr<const StopStrings> strings_;
    checks::TermAutomaton::State state_ = checks::TermAutomaton::kStart;
    size_t num_bytes_ = 0;  // so far
  };

 private:
  std::vector<std::string> strings_;
  std::shared_ptr<const TokenBytes> token_bytes_;
  checks::TermAutomaton automaton_;
};

}  // namespace vitrine::generation
