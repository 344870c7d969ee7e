// text/byte_trie.h - strings and their values, for "the longest entry that starts here".
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/flat_map.h"

namespace vitrine::text {

/// Filled once, then read by any number of threads.
class ByteTrie {
 public:
  ByteTrie() : values_(1, -1) { first_.fill(0); }

  /// `entry` is not empty, `value` >= 0; a later value replaces an earlier one.
  void insert(std::string_view entry, int32_t value) {
    uint32_t node = first_child(entry[0]);
    for (size_t i = 1; i < entry.size(); ++i) node = child(node, entry[i]);
    values_[node] = value;
  }

  /// Value of the longest entry that `text` holds at `at`, or -1; `end` is then the byte behind it.
  int32_t longest(std::string_view text, size_t at, size_t& end) const noexcept {
    int32_t best = -1;
    if (at >= text.size()) return best;
    uint32_t node = first_[static_cast<unsigned char>(text[at])];
    while (node != 0) {
      ++at;
      if (values_[node] >= 0) {
        best = values_[node];
        end = at;
      }
      if (at == text.size()) break;
      const uint32_t* next = children_.find(key(node, text[at]));
      node = next == nullptr ? 0 : *next;
    }
    return best;
  }

  bool empty() const noexcept { return values_.size() == 1; }

 private:
  static uint64_t key(uint32_t node, char byte) noexcept {
    return uint64_t{node} << 8 | static_cast<unsigned char>(byte);
  }
  uint32_t new_node() {
    values_.push_back(-1);
    return static_cast<uint32_t>(values_.size() - 1);
  }
  uint32_t first_child(char byte) {
    uint32_t& node = first_[static_cast<unsigned char>(byte)];
    if (node == 0) node = new_node();
    return node;
  }
  uint32_t child(uint32_t parent, char byte) {
    uint32_t& node = children_[key(parent, byte)];
    if (node == 0) node = new_node();
    return node;
  }

  std::array<uint32_t, 256> first_;   // children of the root; 0 = none
  FlatMap<uint32_t> children_;        // (node, byte) -> node
  std::vector<int32_t> values_;       // by node, -1 = no entry ends here
};

}  // namespace vitrine::text
