#include "generation/token_automaton.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <string_view>

#include "base/error.h"

namespace vitrine::generation {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

void require_token(int32_t token, int64_t vocab_size, std::string_view where) {
  VITRINE_REQUIRE(token >= 0 && token < vocab_size, "[", where, "] token ", token,
                  " is outside the vocabulary of ", vocab_size);
}

void require_lists(const TokenLists& lists, int64_t vocab_size, std::string_view where) {
  for (size_t i = 0; i < lists.size(); ++i) {
    VITRINE_REQUIRE(!lists[i].empty(), "[", where, "] sequence ", i, " is empty");
    for (const int32_t token : lists[i]) require_token(token, vocab_size, where);
  }
}

void require_vocabulary(std::span<const float> logits, int64_t vocab_size, std::string_view where) {
  VITRINE_REQUIRE(logits.size() == static_cast<size_t>(vocab_size), "[", where,
                  "] made for a vocabulary of ", vocab_size, ", got ", logits.size(), " logits");
}

/// Alternatives as a tree: states are bound, `complete` marks those where one ends.
struct Tree {
  std::vector<TokenAutomaton::State> states = std::vector<TokenAutomaton::State>(1);
  std::vector<bool> complete = {false};

  explicit Tree(const TokenLists& alternatives) {
    for (const auto& alternative : alternatives) {
      uint32_t state = 0;
      for (const int32_t token : alternative) state = child(state, token);
      complete[state] = true;
    }
  }

  uint32_t child(uint32_t state, int32_t token) {
    for (const auto& edge : states[state].edges) {
      if (edge.token == token) return edge.next;
    }
    return add(state, token);
  }

  uint32_t add(uint32_t state, int32_t token) {
    const auto next = static_cast<uint32_t>(states.size());
    states[state].edges.push_back({token, next});
    states.emplace_back();
    complete.push_back(false);
    return next;
  }
};

void require_alternatives(const TokenLists& alternatives, int64_t vocab_size) {
  VITRINE_REQUIRE(!alternatives.empty(), "[TokenAutomaton] no alternatives");
  require_lists(alternatives, vocab_size, "TokenAutomaton");
}

}  // namespace

BannedSequences::BannedSequences(const TokenLists& sequences, int64_t vocab_size)
    : vocab_size_(vocab_size), nodes_(1) {
  require_lists(sequences, vocab_size, "BannedSequences");
  for (const auto& sequence : sequences) insert(sequence);
  complete();
}

void BannedSequences::insert(std::span<const int32_t> sequence) {
  State state = kStart;
  for (const int32_t token : sequence.first(sequence.size() - 1)) {
    const auto [edge, is_new] =
        nodes_[state].next.try_emplace(token, static_cast<State>(nodes_.size()));
    state = edge->second;
    if (is_new) nodes_.emplace_back();
  }
  nodes_[state].completing.push_back(sequence.back());
}

/// Breadth first: what the longest proper end of a state forbids, the state forbids too.
void BannedSequences::complete() {
  std::deque<State> open{kStart};
  while (!open.empty()) {
    const State state = open.front();
    open.pop_front();
    Node& node = nodes_[state];
    if (state != kStart) {
      const auto& inherited = nodes_[node.failure].completing;
      node.completing.insert(node.completing.end(), inherited.begin(), inherited.end());
    }
    std::sort(node.completing.begin(), node.completing.end());
    node.completing.erase(std::unique(node.completing.begin(), node.completing.end()),
                          node.completing.end());
    for (const auto& [token, child] : node.next) {
      nodes_[child].failure = state == kStart ? kStart : step(node.failure, token);
      open.push_back(child);
    }
  }
}

BannedSequences::State BannedSequences::step(State state, int32_t token) const {
  while (true) {
    const auto edge = nodes_[state].next.find(token);
    if (edge != nodes_[state].next.end()) return edge->second;
    if (state == kStart) return kStart;
    state = nodes_[state].failure;
  }
}

void BannedTokensGuide::process(std::span<float> logits) {
  require_vocabulary(logits, banned_->vocab_size(), "BannedTokensGuide");
  for (const int32_t token : banned_->completing(state_))
    logits[static_cast<size_t>(token)] = kMasked;
}

TokenAutomaton::TokenAutomaton(std::vector<State> states, int64_t vocab_size)
    : states_(std::move(states)), vocab_size_(vocab_size) {
  VITRINE_REQUIRE(!states_.empty(), "[TokenAutomaton] no states");
  for (size_t i = 0; i < states_.size(); ++i) {
    auto& edges = states_[i].edges;
    VITRINE_REQUIRE(edges.empty() || states_[i].kind == Kind::bound, "[TokenAutomaton] state ", i,
                    " is not bound but has edges");
    std::sort(edges.begin(), edges.end(),
              [](const Edge& a, const Edge& b) { return a.token < b.token; });
    for (size_t e = 0; e < edges.size(); ++e) {
      require_token(edges[e].token, vocab_size, "TokenAutomaton");
      VITRINE_REQUIRE(edges[e].next < states_.size(), "[TokenAutomaton] state ", i,
                      " leads to state ", edges[e].next, " of ", states_.size());
      VITRINE_REQUIRE(e == 0 || edges[e].token != edges[e - 1].token, "[TokenAutomaton] state ", i,
                      " has two edges of token ", edges[e].token);
    }
  }
}

TokenAutomaton TokenAutomaton::begins_with_one_of(const TokenLists& alternatives,
                                                  int64_t vocab_size) {
  require_alternatives(alternatives, vocab_size);
  Tree tree(alternatives);
  for (size_t i = 0; i < tree.states.size(); ++i) {
    if (tree.complete[i]) tree.states[i] = {.kind = Kind::free, .edges = {}};
  }
  return {std::move(tree.states), vocab_size};
}

TokenAutomaton TokenAutomaton::is_one_of(const TokenLists& alternatives, int64_t vocab_size,
                                         int32_t eos) {
  require_alternatives(alternatives, vocab_size);
  if (eos != -1) require_token(eos, vocab_size, "TokenAutomaton");
  Tree tree(alternatives);
  const size_t num_states = tree.states.size();
  for (uint32_t i = 0; i < num_states; ++i) {
    if (!tree.complete[i]) continue;
    if (tree.states[i].edges.empty()) {
      tree.states[i].kind = Kind::last;
      continue;
    }
    VITRINE_REQUIRE(
        eos != -1, "[TokenAutomaton] an alternative begins another, and there is no eos to end it");
    tree.states[tree.child(i, eos)].kind = Kind::last;
  }
  return {std::move(tree.states), vocab_size};
}

void ForcedTokensGuide::process(std::span<float> logits) {
  require_vocabulary(logits, automaton_->vocab_size(), "ForcedTokensGuide");
  const TokenAutomaton::State& state = automaton_->state(state_);
  if (state.kind == TokenAutomaton::Kind::free) return;
  size_t next = 0;  // the first logit that is not looked at
  for (const auto& edge : state.edges) {
    const auto token = static_cast<size_t>(edge.token);
    std::fill(logits.begin() + static_cast<std::ptrdiff_t>(next), logits.begin() + edge.token,
              kMasked);
    next = token + 1;
  }
  std::fill(logits.begin() + static_cast<std::ptrdiff_t>(next), logits.end(), kMasked);
}

void ForcedTokensGuide::push(int32_t token) {
  const TokenAutomaton::State& state = automaton_->state(state_);
  if (state.kind == TokenAutomaton::Kind::free) return;
  const auto edge =
      std::lower_bound(state.edges.begin(), state.edges.end(), token,
                       [](const auto& e, int32_t wanted) { return e.token < wanted; });
  VITRINE_REQUIRE(edge != state.edges.end() && edge->token == token, "[ForcedTokensGuide] token ",
                  token, " is not allowed in state ", state_);
  state_ = edge->next;
}

}  // namespace vitrine::generation
