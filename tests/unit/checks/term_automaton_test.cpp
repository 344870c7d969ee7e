#include "checks/term_automaton.h"

#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace vitrine::checks {
namespace {

std::set<uint32_t> found(const TermAutomaton& automaton, std::string_view text) {
  std::set<uint32_t> ids;
  auto state = TermAutomaton::kStart;
  for (const char byte : text) {
    state = automaton.step(state, byte);
    ids.insert(automaton.ends(state).begin(), automaton.ends(state).end());
  }
  return ids;
}

TEST(TermAutomatonTest, ATermAcrossTwoPiecesIsFound) {
  const std::vector<std::string> terms{"透气", "气质"};
  const TermAutomaton automaton(terms);
  const auto state = automaton.walk(TermAutomaton::kStart, "十分透");
  EXPECT_TRUE(automaton.ends(state).empty());
  EXPECT_EQ(automaton.ends(automaton.walk(state, "气")).size(), 1u);
}

TEST(TermAutomatonTest, ItFindsWhatSubstringSearchFinds) {
  RandomStream random(RandomKey(5));
  const auto word = [&](uint64_t longest) {
    std::string text;
    for (uint64_t n = 1 + random.below(longest); n > 0; --n) text += static_cast<char>('a' + random.below(3));
    return text;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> terms;
    for (int i = 0; i < 8; ++i) terms.push_back(word(4));
    const TermAutomaton automaton(terms);
    const std::string text = word(30);
    std::set<uint32_t> expected;
    for (size_t i = 0; i < terms.size(); ++i) {
      if (text.find(terms[i]) != std::string::npos) expected.insert(static_cast<uint32_t>(i));
    }
    EXPECT_EQ(found(automaton, text), expected) << text;
  }
}

}  // namespace
}  // namespace vitrine::checks
