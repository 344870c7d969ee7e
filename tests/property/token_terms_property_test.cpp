// Looking at few tokens forbids the same as trying all of them.
#include <gtest/gtest.h>

#include <algorithm>
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

bool is_covered(std::string_view text, size_t begin, size_t end,
                const std::vector<std::string>& exceptions) {
  return std::any_of(exceptions.begin(), exceptions.end(), [&](const std::string& exception) {
    for (size_t at = 0; at <= begin; ++at) {
      const std::string_view rest = text.substr(at);
      if (rest.starts_with(exception) && at + exception.size() >= end) return true;
      const bool goes_on = rest.size() < exception.size();
      if (goes_on && std::string_view(exception).starts_with(rest)) return true;
    }
    return false;
  });
}

/// Whether the text holds a banned term that no exception covers or can still cover.
bool holds_banned(std::string_view text, const std::vector<std::string>& terms,
                  const std::vector<bool>& banned, const std::vector<std::string>& exceptions) {
  for (size_t term = 0; term < terms.size(); ++term) {
    if (!banned[term]) continue;
    for (size_t at = text.find(terms[term]); at != text.npos; at = text.find(terms[term], at + 1)) {
      if (!is_covered(text, at, at + terms[term].size(), exceptions)) return true;
    }
  }
  return false;
}

/// Writes random allowed tokens and compares at each step.
void compare(uint64_t round, size_t num_exceptions) {
  RandomStream random{RandomKey(round)};
  std::vector<std::string> terms, exceptions;
  for (int i = 0; i < 12; ++i) terms.push_back(random_text(random, 4));
  for (size_t i = 0; i < num_exceptions; ++i) {
    exceptions.push_back(random_text(random, 2) + terms[random.below(terms.size())]);
    if (i % 2 == 0) exceptions.back() += random_text(random, 2);
  }
  const auto tokens = random_tokens(random);
  const TokenTerms token_terms(tokens, terms, exceptions);
  std::vector<bool> banned;
  for (size_t i = 0; i < terms.size(); ++i) banned.push_back(random.below(2) == 0);
  const auto ban = token_terms.ban(banned);
  std::string text;
  TokenTerms::Position position;
  for (int step = 0; step < 30; ++step) {
    std::set<int32_t> found, expected;
    token_terms.for_each_forbidden(position, ban, [&](int32_t token) { found.insert(token); });
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (holds_banned(text + tokens[i], terms, banned, exceptions)) {
        expected.insert(static_cast<int32_t>(i));
      }
    }
    ASSERT_EQ(found, expected) << "round " << round << ", after '" << text << "'";
    const auto token = static_cast<int32_t>(random.below(tokens.size()));
    if (found.contains(token)) continue;
    text += tokens[static_cast<size_t>(token)];
    const auto next = token_terms.advance(position, tokens[static_cast<size_t>(token)], ban);
    ASSERT_TRUE(next) << text;
    position = *next;
  }
}

TEST(TokenTermsPropertyTest, FindsExactlyTheTokensThatWriteABannedTerm) {
  for (uint64_t round = 0; round < 200; ++round) compare(round, 0);
}

TEST(TokenTermsPropertyTest, ATermInsideAnExceptionIsNone) {
  for (uint64_t round = 0; round < 200; ++round) compare(round, 6);
}

TEST(TokenTermsPropertyTest, AnOpenTermAllowsOnlyWhatLeadsToItsException) {
  const std::vector<std::string> tokens{"最", "后", "好", "。"}, terms{"最"}, exceptions{"最后"};
  const TokenTerms token_terms(tokens, terms, exceptions);
  const auto ban = token_terms.ban({true});
  std::set<int32_t> forbidden;
  const auto collect = [&](int32_t token) { forbidden.insert(token); };
  token_terms.for_each_forbidden({}, ban, collect);
  EXPECT_TRUE(forbidden.empty());
  const auto open = token_terms.advance({}, "最", ban);
  ASSERT_TRUE(open);
  token_terms.for_each_forbidden(*open, ban, collect);
  EXPECT_EQ(forbidden, (std::set<int32_t>{0, 2, 3}));
  EXPECT_EQ(token_terms.advance(*open, "后", ban)->open, 0U);
}

TEST(TokenTermsPropertyTest, NothingIsForbiddenWithoutBannedTerms) {
  const std::vector<std::string> tokens{"真", "丝"}, terms{"真丝"};
  const TokenTerms token_terms(tokens, terms);
  int calls = 0;
  const auto position = token_terms.advance({}, "真", token_terms.ban({false}));
  token_terms.for_each_forbidden(*position, token_terms.ban({}), [&](int32_t) { ++calls; });
  token_terms.for_each_forbidden(*position, token_terms.ban({false}), [&](int32_t) { ++calls; });
  EXPECT_EQ(calls, 0);
  EXPECT_THROW(token_terms.ban({true, true}), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
