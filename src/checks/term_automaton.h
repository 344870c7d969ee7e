// checks/term_automaton.h - which terms end here, byte by byte: for use inside decoding.
//
// Aho and Corasick 1975 over UTF-8 bytes with all steps in one table, so that a token's bytes can be
// tried from the state of the text so far without scanning it again.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::checks {

/// Immutable, thread-safe. 1 KiB a state; a state is a distinct beginning of a term.
class TermAutomaton {
 public:
  using State = uint32_t;
  static constexpr State kStart = 0;

  /// Terms get the ids 0, 1, …; empty ones never match. Exceptions are longer phrases in which a term
  /// is none (最后 with the term 最).
  explicit TermAutomaton(std::span<const std::string> terms,
                         std::span<const std::string> exceptions = {});

  State step(State state, char byte) const noexcept { return next_[state][static_cast<unsigned char>(byte)]; }
  /// The state after `text`.
  State walk(State state, std::string_view text) const noexcept;
  /// Ids of the terms that end at this state.
  std::span<const uint32_t> ends(State state) const noexcept { return ends_[state]; }
  /// Bytes of the longest exception that ends at this state; 0 = none does.
  uint32_t exception_end(State state) const noexcept { return exceptions_[state].end; }
  /// Bytes of the longest beginning of an exception that the text ends with and that goes on.
  uint32_t exception_begun(State state) const noexcept { return exceptions_[state].begun; }

 private:
  struct Exceptions {
    uint32_t end = 0, begun = 0;
  };
  State insert(std::string_view term);
  void insert_exception(std::string_view phrase);
  void complete();

  std::vector<std::array<State, 256>> next_;
  std::vector<std::vector<uint32_t>> ends_;
  std::vector<Exceptions> exceptions_;
};

}  // namespace vitrine::checks
