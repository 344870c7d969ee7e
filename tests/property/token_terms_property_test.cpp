// Looking at few tokens finds the same as trying all of them.
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "base/random.h"
#include "generation/token_terms.h"
#include "text/utf8.h"

namespace vitrine::generation {
namespace {

/// Texts of 1 to `longest` code points of a small alphabet, so that terms overlap and hold one
/// another.
std::string random_text(RandomStream& random, uint64_t longest) {
  const std::u32string alphabet = U"真丝棉a麻绒裙😀";
  std::u32string text;
  for (uint64_t length = 1 + random.below(longest); length > 0; --length)
    text += alphabet[random.below(alphabet.size())];
  return text::to_utf8(text);
}

/// Some tokens are pieces of bytes that begin or end inside a code point, one is empty.
std::vector<std::string> random_tokens(RandomStream& random) {
  std::vector<std::string> tokens{""};
  for (int i = 0; i < 60; ++i) {
    std::string token = random_text(random, 3);
    if (i % 5 == 0) token = token.substr(random.below(token.size()));
    if (i % 7 == 0) token.resize(1 + random.below(token.size()));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

bool holds_banned(std::string_view text, size_t from, const std::vector<std::string>& terms,
                  const std::vector<bool>& banned) {
  for (size_t term = 0; term < terms.size(); ++term) {
    if (!banned[term]) continue;
    for (size_t at = text.find(terms[term]); at != std::string_view::npos;
         at = text.find(terms[term], at + 1)) {
      if (at + terms[term].size() > from) return true;
    }
  }
  return false;
}

TEST(TokenTermsPropertyTest, FindsExactlyTheTokensThatCompleteABannedTerm) {
  for (uint64_t round = 0; round < 200; ++round) {
    RandomStream random{RandomKey(round)};
    std::vector<std::string> terms;
    for (int i = 0; i < 12; ++i) terms.push_back(random_text(random, 5));
    const auto tokens = random_tokens(random);
    const TokenTerms token_terms(tokens, terms);
    std::vector<bool> banned;
    for (size_t i = 0; i < terms.size(); ++i) banned.push_back(random.below(2) == 0);
    const auto ban = token_terms.ban(banned);
    std::string text;
    auto state = checks::TermAutomaton::kStart;
    for (int step = 0; step < 20; ++step) {
      std::set<int32_t> found, expected;
      token_terms.for_each_completing(state, ban, [&](int32_t token) { found.insert(token); });
      for (size_t i = 0; i < tokens.size(); ++i) {
        if (holds_banned(text + tokens[i], text.size(), terms, banned))
          expected.insert(static_cast<int32_t>(i));
      }
      ASSERT_EQ(found, expected) << "round " << round << ", after '" << text << "'";
      const std::string& added = tokens[random.below(tokens.size())];
      text += added;
      state = token_terms.automaton().walk(state, added);
    }
  }
}

TEST(TokenTermsPropertyTest, NothingIsForbiddenWithoutBannedTerms) {
  const std::vector<std::string> tokens{"真", "丝"}, terms{"真丝"};
  const TokenTerms token_terms(tokens, terms);
  int calls = 0;
  const auto state = token_terms.automaton().walk(checks::TermAutomaton::kStart, "真");
  token_terms.for_each_completing(state, token_terms.ban({}), [&](int32_t) { ++calls; });
  token_terms.for_each_completing(state, token_terms.ban({false}), [&](int32_t) { ++calls; });
  EXPECT_EQ(calls, 0);
  EXPECT_THROW(token_terms.ban({true, true}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
