// generation/token_terms.h - which tokens would complete a term, for a text that is written token
// by token.
//
// Terms may cross the borders of tokens, and tokens may end inside a code point: any tokenizer will
// do. From most states of the text only the few tokens that begin with a continuation of a term
// need to be looked at; what a token holds by itself is known beforehand.
#pragma once
#include <cstdint>
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
  using State = checks::TermAutomaton::State;  // of the text so far; kStart at first

  /// token_bytes: the UTF-8 bytes that each token adds, by id; empty ones never complete anything.
  /// terms: valid UTF-8; their ids are their places.
  TokenTerms(std::span<const std::string> token_bytes, std::span<const std::string> terms);

  const checks::TermAutomaton& automaton() const { return automaton_; }
  size_t num_terms() const { return num_terms_; }

  /// Terms that must not be written, and the tokens that hold one of them.
  struct Banned {
    std::vector<bool> terms;  // by id; empty = none
    std::vector<int32_t> tokens;
  };
  /// terms: num_terms() long, or empty. Throws InvalidInput for another length.
  Banned ban(std::vector<bool> terms) const;

  /// Calls forbid(token) for every token after which a banned term ends in the text, some twice.
  template <typename Forbid>
  void for_each_completing(State state, const Banned& banned, Forbid forbid) const {
    if (banned.terms.empty()) return;
    for (const int32_t token : banned.tokens) forbid(token);
    if (state == checks::TermAutomaton::kStart) return;
    for_each_continuing(state, [&](int32_t token) {
      if (completes(state, token, banned)) forbid(token);
    });
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
  bool completes(State state, int32_t token, const Banned& banned) const;
  void index_tokens();
  void index_states(std::span<const std::string> terms);

  std::vector<std::string> token_bytes_;
  checks::TermAutomaton automaton_;
  size_t num_terms_;
  std::unordered_map<char32_t, std::vector<int32_t>> by_first_;  // tokens by their first code point
  std::vector<int32_t> fragments_;                    // tokens that begin inside a code point
  std::vector<std::pair<int32_t, uint32_t>> inside_;  // token, term it holds
  std::unordered_map<State, std::vector<char32_t>> continuations_;  // by states between code points
};

}  // namespace vitrine::generation
