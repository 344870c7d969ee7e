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

  /// Terms get the ids 0, 1, …; empty ones never match.
  explicit TermAutomaton(std::span<const std::string> terms);

  State step(State state, char byte) const noexcept { return next_[state][static_cast<unsigned char>(byte)]; }
  /// The state after `text`.
  State walk(State state, std::string_view text) const noexcept;
  /// Ids of the terms that end at this state.
  std::span<const uint32_t> ends(State state) const noexcept { return ends_[state]; }

 private:
  void insert(std::string_view term, uint32_t id);
  void complete();

  std::vector<std::array<State, 256>> next_;
  std::vector<std::vector<uint32_t>> ends_;
};

}  // namespace vitrine::checks
