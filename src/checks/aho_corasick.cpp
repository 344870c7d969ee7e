#include "checks/aho_corasick.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::checks {

uint32_t AhoCorasick::child(uint32_t node, char32_t c) const {
  const auto& next = nodes_[node].next;
  const auto found = std::lower_bound(next.begin(), next.end(), c, [](const auto& edge, char32_t key) { return edge.first < key; });
  return found != next.end() && found->first == c ? found->second : kNone;
}

void AhoCorasick::add(std::u32string_view pattern, uint32_t id) {
  VITRINE_REQUIRE(!pattern.empty(), "[AhoCorasick::add] pattern ", id, ": empty");
  uint32_t node = 0;
  for (const char32_t c : pattern) {
    uint32_t next = child(node, c);
    if (next == kNone) {
      next = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back().depth = nodes_[node].depth + 1;
      auto& edges = nodes_[node].next;
      edges.insert(std::lower_bound(edges.begin(), edges.end(), std::pair{c, 0U}), {c, next});
    }
    node = next;
  }
  nodes_[node].id = id;
}

void AhoCorasick::build() {
  std::vector<uint32_t> queue;
  for (const auto& [c, node] : nodes_[0].next) queue.push_back(node);
  for (size_t done = 0; done < queue.size(); ++done) {
    const uint32_t parent = queue[done];
    for (const auto& [c, node] : nodes_[parent].next) {
      const uint32_t fail = step(nodes_[parent].fail, c);
      nodes_[node].fail = fail;
      nodes_[node].output = nodes_[fail].id != kNone ? fail : nodes_[fail].output;
      queue.push_back(node);
    }
  }
}

uint32_t AhoCorasick::step(uint32_t node, char32_t c) const {
  while (true) {
    const uint32_t next = child(node, c);
    if (next != kNone) return next;
    if (node == 0) return 0;
    node = nodes_[node].fail;
  }
}

std::vector<AhoCorasick::Match> AhoCorasick::scan(std::u32string_view text) const {
  std::vector<Match> matches;
  uint32_t node = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    node = step(node, text[at]);
    for (uint32_t hit = nodes_[node].id != kNone ? node : nodes_[node].output; hit != 0; hit = nodes_[hit].output) {
      matches.push_back({at + 1 - nodes_[hit].depth, at + 1, nodes_[hit].id});
    }
  }
  return matches;
}

}  // namespace vitrine::checks
