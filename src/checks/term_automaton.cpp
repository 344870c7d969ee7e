#include "checks/term_automaton.h"

#include <deque>

namespace vitrine::checks {

TermAutomaton::TermAutomaton(std::span<const std::string> terms,
                             std::span<const std::string> exceptions)
    : next_(1), ends_(1), exceptions_(1) {
  next_[0].fill(kStart);
  for (size_t id = 0; id < terms.size(); ++id) {
    if (!terms[id].empty()) ends_[insert(terms[id])].push_back(static_cast<uint32_t>(id));
  }
  for (const std::string& phrase : exceptions) insert_exception(phrase);
  complete();
}

TermAutomaton::State TermAutomaton::insert(std::string_view term) {
  State state = kStart;
  for (const char byte : term) {
    const auto index = static_cast<unsigned char>(byte);
    if (next_[state][index] == kStart) {
      next_[state][index] = static_cast<State>(next_.size());
      next_.emplace_back().fill(kStart);
      ends_.emplace_back();
      exceptions_.emplace_back();
    }
    state = next_[state][index];
  }
  return state;
}

void TermAutomaton::insert_exception(std::string_view phrase) {
  insert(phrase);
  State state = kStart;
  for (size_t size = 1; size <= phrase.size(); ++size) {
    state = next_[state][static_cast<unsigned char>(phrase[size - 1])];
    auto& length = size == phrase.size() ? exceptions_[state].end : exceptions_[state].begun;
    length = static_cast<uint32_t>(size);
  }
}

/// Breadth first: the failure state of a child is known before the child is visited, so missing steps
/// are copied from it.
void TermAutomaton::complete() {
  std::vector<State> failure(next_.size(), kStart);
  std::deque<State> open;
  for (const State child : next_[kStart]) {
    if (child != kStart) open.push_back(child);
  }
  while (!open.empty()) {
    const State state = open.front();
    open.pop_front();
    const auto& inherited = ends_[failure[state]];
    ends_[state].insert(ends_[state].end(), inherited.begin(), inherited.end());
    const Exceptions& shorter = exceptions_[failure[state]];
    if (exceptions_[state].end == 0) exceptions_[state].end = shorter.end;
    if (exceptions_[state].begun == 0) exceptions_[state].begun = shorter.begun;
    for (size_t byte = 0; byte < 256; ++byte) {
      const State child = next_[state][byte];
      const State fallback = next_[failure[state]][byte];
      if (child == kStart) {
        next_[state][byte] = fallback;
      } else {
        failure[child] = fallback;
        open.push_back(child);
      }
    }
  }
}

TermAutomaton::State TermAutomaton::walk(State state, std::string_view text) const noexcept {
  for (const char byte : text) state = step(state, byte);
  return state;
}

}  // namespace vitrine::checks
