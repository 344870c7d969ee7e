// checks/aho_corasick.h - finds all of many patterns in one pass over a text (Aho and Corasick 1975).
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrine::checks {

/// Call order: (add)* build (scan)*. After build it is immutable and safe for any number of threads.
class AhoCorasick {
 public:
  AhoCorasick() : nodes_(1) {}

  /// `pattern` must not be empty (InvalidInput); `id` comes back from scan.
  void add(std::u32string_view pattern, uint32_t id);
  void build();

  struct Match {
    size_t begin, end;  // code points of the text, half-open
    uint32_t id;
  };
  /// All matches, also overlapping ones, in order of their ends.
  std::vector<Match> scan(std::u32string_view text) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Node {
    std::vector<std::pair<char32_t, uint32_t>> next;  // sorted by code point after build
    uint32_t fail = 0;          // node of the longest proper suffix
    uint32_t id = kNone;        // pattern that ends here
    uint32_t output = 0;        // nearest node on the fail chain where a pattern ends; 0 = none
    uint32_t depth = 0;         // length of the pattern so far
  };
  uint32_t child(uint32_t node, char32_t c) const;
  uint32_t step(uint32_t node, char32_t c) const;

  std::vector<Node> nodes_;
};

}  // namespace vitrine::checks
