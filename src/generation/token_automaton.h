// generation/token_automaton.h - token sequences that must not, or must, be written.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "generation/sequence_guide.h"

namespace vitrine::generation {

using TokenLists = std::vector<std::vector<int32_t>>;

/// Aho and Corasick 1975 over token ids. Immutable, thread-safe.
class BannedSequences {
 public:
  using State = uint32_t;
  static constexpr State kStart = 0;

  /// Throws InvalidInput: an empty sequence, a token outside [0, vocab_size).
  BannedSequences(const TokenLists& sequences, int64_t vocab_size);

  int64_t vocab_size() const { return vocab_size_; }
  State step(State state, int32_t token) const;
  /// Tokens that would complete a sequence here, ascending.
  std::span<const int32_t> completing(State state) const { return nodes_[state].completing; }

 private:
  struct Node {
    std::map<int32_t, State> next;
    State failure = kStart;
    std::vector<int32_t> completing;
  };
  void insert(std::span<const int32_t> sequence);
  void complete();

  int64_t vocab_size_;
  std::vector<Node> nodes_;
};

/// Forbids the token that would complete a banned sequence. It sees the tokens pushed: push the
/// prompt's before the sequence starts if sequences may begin in it.
class BannedTokensGuide : public SequenceGuide {
 public:
  explicit BannedTokensGuide(std::shared_ptr<const BannedSequences> banned)
      : banned_(std::move(banned)) {}
  /// Throws InvalidInput for another vocabulary size.
  void process(std::span<float> logits) override;
  void push(int32_t token) override { state_ = banned_->step(state_, token); }
  std::unique_ptr<SequenceGuide> clone() const override {
    return std::make_unique<BannedTokensGuide>(*this);
  }

 private:
  std::shared_ptr<const BannedSequences> banned_;
  BannedSequences::State state_ = BannedSequences::kStart;
};

/// A finite automaton over token ids: from each state a list of tokens and the states they lead to.
/// Immutable, thread-safe.
class TokenAutomaton {
 public:
  enum class Kind {
    bound,  // only the tokens of its edges
    free,   // any token, for ever
    last    // the sequence ends
  };
  struct Edge {
    int32_t token;
    uint32_t next;
  };
  struct State {
    Kind kind = Kind::bound;
    std::vector<Edge> edges;  // of a bound state
  };

  /// The first state is the start. A bound state without edges forbids all.
  /// Throws InvalidInput: no state, an edge to a state that is not there, from a state that is not
  /// bound, two of one token, a token outside [0, vocab_size).
  TokenAutomaton(std::vector<State> states, int64_t vocab_size);

  /// The text begins with one of the alternatives and goes on freely after the first that is
  /// complete. Throws InvalidInput: no alternative, an empty one, a token outside the vocabulary.
  static TokenAutomaton begins_with_one_of(const TokenLists& alternatives, int64_t vocab_size);
  /// The text is one of the alternatives. One that begins another can only end by `eos`; -1 = there
  /// is none. Throws InvalidInput as above, and for such a pair without eos.
  static TokenAutomaton is_one_of(const TokenLists& alternatives, int64_t vocab_size,
                                  int32_t eos = -1);

  int64_t vocab_size() const { return vocab_size_; }
  const State& state(uint32_t idx) const { return states_[idx]; }

 private:
  std::vector<State> states_;  // edges ascending by token
  int64_t vocab_size_;
};

/// Keeps a sequence on the paths of an automaton.
class ForcedTokensGuide : public SequenceGuide {
 public:
  explicit ForcedTokensGuide(std::shared_ptr<const TokenAutomaton> automaton)
      : automaton_(std::move(automaton)) {}
  /// Throws InvalidInput for another vocabulary size. Allocates nothing.
  void process(std::span<float> logits) override;
  /// Throws InvalidInput for a token that is not allowed here.
  void push(int32_t token) override;
  bool finished() const override {
    return automaton_->state(state_).kind == TokenAutomaton::Kind::last;
  }
  std::unique_ptr<SequenceGuide> clone() const override {
    return std::make_unique<ForcedTokensGuide>(*this);
  }

 private:
  std::shared_ptr<const TokenAutomaton> automaton_;
  uint32_t state_ = 0;
};

}  // namespace vitrine::generation
