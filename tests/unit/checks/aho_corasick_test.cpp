#include "checks/aho_corasick.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/random.h"

namespace vitrine::checks {
namespace {

using Place = std::tuple<size_t, size_t, uint32_t>;

std::multiset<Place> places(const std::vector<AhoCorasick::Match>& matches) {
  std::multiset<Place> result;
  for (const auto& match : matches) result.emplace(match.begin, match.end, match.id);
  return result;
}

TEST(AhoCorasickTest, PatternsInsideAndAcrossEachOtherAreAllFound) {
  AhoCorasick automaton;
  automaton.add(U"棉", 0);
  automaton.add(U"纯棉", 1);
  automaton.add(U"棉麻", 2);
  automaton.build();
  EXPECT_EQ(places(automaton.scan(U"纯棉麻")), (std::multiset<Place>{{1, 2, 0}, {0, 2, 1}, {1, 3, 2}}));
}

TEST(AhoCorasickTest, AnEmptyPatternIsRefused) {
  AhoCorasick automaton;
  EXPECT_THROW(automaton.add(U"", 3), InvalidInput);
}

TEST(AhoCorasickTest, RandomTextsGiveWhatASearchForEachPatternGives) {
  RandomStream random(RandomKey(7));
  const auto word = [&](size_t size) {
    std::u32string text;
    while (text.size() < size) text += static_cast<char32_t>(U'a' + random.below(3));
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    std::set<std::u32string> patterns;
    while (patterns.size() < 6) patterns.insert(word(1 + random.below(4)));
    const std::u32string text = word(random.below(40));
    AhoCorasick automaton;
    std::multiset<Place> expected;
    uint32_t id = 0;
    for (const auto& pattern : patterns) {
      automaton.add(pattern, id);
      for (size_t at = text.find(pattern); at != text.npos; at = text.find(pattern, at + 1)) expected.emplace(at, at + pattern.size(), id);
      ++id;
    }
    automaton.build();
    EXPECT_EQ(places(automaton.scan(text)), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace vitrine::checks
