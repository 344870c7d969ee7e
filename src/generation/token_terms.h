// generation/token_terms.h - which tokens would write a banned term, for a text that is written
// token by token.
//
// Terms may cross the borders of tokens, and tokens may end inside a code point: any tokenizer will
// do. From most states of the text only the few tokens that begin with a continuation of a term
// need to be looked at; what a token holds by itself is known beforehand.
//
// A term is none inside a longer phrase that is an exception (最 in 最后): while the text can still
// become one, the term stays open, and only tokens that lead on to it are allowed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "checks/term_automaton.h"

namespace vitrine::generation {

/// Immutable, thread-safe.
class TokenTerms {
 public:
  using State = checks::TermAutomaton::State;

  /// Where a text stands.
  struct Position {
    State state = checks::TermAutomaton::kStart;
    uint32_t open = 0;  // bytes back to where a banned term began that an exception must yet cover
  };

  /// token_bytes: the UTF-8 bytes that each token adds, by id; empty ones change nothing.
  /// terms, exceptions: valid UTF-8; the ids of terms are their places.
  TokenTerms(std::span<const std::string> token_bytes, std::span<const std::string> terms,
             std::span<const std::string> exceptions = {});

  size_t num_terms() const { return term_sizes_.size(); }

  /// Terms that must not be written, and the tokens that hold one of them and cover it by nothing.
  struct Banned {
    std::vector<bool> terms;  // by id; empty = none
    std::vector<int32_t> tokens;
    /// What was found before: a text comes back to the same states again and again.
    struct Memo {
      std::shared_mutex mutex;
      std::unordered_map<State, std::vector<int32_t>> forbidden;  // by state, beside `tokens`
    };
    std::shared_ptr<Memo> memo = {};
  };
  /// terms: num_terms() long, or empty. Throws InvalidInput for another length.
  Banned ban(std::vector<bool> terms) const;

  /// Where the text stands after `bytes`; nothing when it then holds a banned term that no exception
  /// covers or can cover.
  std::optional<Position> advance(Position position, std::string_view bytes,
                                  const Banned& banned) const;
  /// The same for a text that is let pass: what no exception can cover is forgotten.
  Position advance_anyhow(Position position, std::string_view bytes, const Banned& banned) const;

  /// Calls forbid(token) for every token after which the text would hold a banned term for good, some
  /// twice. `counts(token)`: whether the token matters at all; others are passed over.
  template <typename Counts, typename Forbid>
  void for_each_forbidden(Position position, const Banned& banned, Counts counts,
                          Forbid forbid) const {
    if (banned.terms.empty()) return;
    const auto look_at = [&](int32_t token) {
      if (counts(token) && is_forbidden(position, token, banned)) forbid(token);
    };
    if (position.open > 0) {
      for (size_t i = 0; i < token_bytes_.size(); ++i) look_at(static_cast<int32_t>(i));
      return;
    }
    const bool may_cover = automaton_.exception_begun(position.state) > 0;
    for (const int32_t token : banned.tokens) {
      if (may_cover) {
        look_at(token);
      } else if (counts(token)) {
        forbid(token);
      }
    }
    if (position.state == checks::TermAutomaton::kStart) return;
    for (const int32_t token : forbidden_after(position.state, banned)) {
      if (counts(token)) forbid(token);
    }
  }
  template <typename Forbid>
  void for_each_forbidden(Position position, const Banned& banned, Forbid forbid) const {
    for_each_forbidden(position, banned, [](int32_t) { return true; }, forbid);
  }

 private:
  /// Tokens whose walk from `state` may differ from the walk from the start.
  template <typename Visit>
  void for_each_continuing(State state, Visit visit) const {
    const auto known = continuations_.find(state);
    if (known == continuations_.end()) {  // inside a code point
      for (size_t i = 0; i < token_bytes_.size(); ++i) visit(static_cast<int32_t>(i));
      return;
    }
    for (const char32_t first : known->second) {
      const auto tokens = by_first_.find(first);
      if (tokens == by_first_.end()) continue;
      for (const int32_t token : tokens->second) visit(token);
    }
    for (const int32_t token : fragments_) visit(token);
  }
  /// The tokens among those that continue the state; lives as long as `banned`.
  const std::vector<int32_t>& forbidden_after(State state, const Banned& banned) const;
  bool is_forbidden(Position position, int32_t token, const Banned& banned) const {
    return !advance(position, token_bytes_[static_cast<size_t>(token)], banned);
  }
  /// False when a banned term stands for good.
  bool step(Position& position, char byte, const Banned& banned) const;
  void index_tokens();
  void index_states(std::span<const std::string> phrases);

  std::vector<std::string> token_bytes_;
  checks::TermAutomaton automaton_;
  std::vector<uint32_t> term_sizes_;                             // bytes
  std::unordered_map<char32_t, std::vector<int32_t>> by_first_;  // tokens by their first code point
  std::vector<int32_t> fragments_;  // tokens that begin inside a code point
  std::vector<std::pair<int32_t, uint32_t>> inside_;  // token, term it holds
  std::unordered_map<State, std::vector<char32_t>> continuations_;  // by states between code points
};

}  // namespace vitrine::generation
