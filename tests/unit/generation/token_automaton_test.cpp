#include "generation/token_automaton.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::message_of;
using Kind = TokenAutomaton::Kind;

constexpr int64_t kVocab = 6;

std::vector<int32_t> allowed(SequenceGuide& guide) {
  std::vector<float> logits(kVocab, 1.0f);
  guide.process(logits);
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == 1.0f) tokens.push_back(static_cast<int32_t>(i));
  }
  return tokens;
}

ForcedTokensGuide forced(TokenAutomaton automaton) {
  return ForcedTokensGuide(std::make_shared<const TokenAutomaton>(std::move(automaton)));
}

std::vector<int32_t> random_tokens(RandomStream& random, size_t count, uint64_t vocab) {
  std::vector<int32_t> tokens(count);
  for (int32_t& token : tokens) token = static_cast<int32_t>(random.below(vocab));
  return tokens;
}

bool ends_with(const std::vector<int32_t>& tokens, const std::vector<int32_t>& end) {
  return tokens.size() >= end.size() && std::equal(end.rbegin(), end.rend(), tokens.rbegin());
}

bool begins_with(const std::vector<int32_t>& tokens, const std::vector<int32_t>& start) {
  return tokens.size() >= start.size() && std::equal(start.begin(), start.end(), tokens.begin());
}

TEST(BannedTokensTest, TheTokenThatWouldCompleteASequenceIsForbidden) {
  BannedTokensGuide guide(std::make_shared<const BannedSequences>(TokenLists{{1, 2}, {3}}, kVocab));
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{0, 1, 2, 4, 5}));
  guide.push(1);
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{0, 1, 4, 5}));
  guide.push(1);
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{0, 1, 4, 5}));
  guide.push(0);
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{0, 1, 2, 4, 5}));
}

TEST(BannedTokensTest, RandomSequencesForbidWhatAPlainComparisonForbids) {
  RandomStream random{RandomKey(8)};
  for (int round = 0; round < 100; ++round) {
    TokenLists sequences;
    for (size_t i = 0; i < random.below(6); ++i)
      sequences.push_back(random_tokens(random, 1 + random.below(5), 3));
    BannedTokensGuide guide(std::make_shared<const BannedSequences>(sequences, kVocab));
    std::vector<int32_t> text;
    for (int step = 0; step < 20; ++step) {
      std::vector<int32_t> expected;
      for (int32_t token = 0; token < kVocab; ++token) {
        std::vector<int32_t> next = text;
        next.push_back(token);
        const auto completes = [&](const auto& sequence) { return ends_with(next, sequence); };
        if (std::none_of(sequences.begin(), sequences.end(), completes)) expected.push_back(token);
      }
      ASSERT_EQ(allowed(guide), expected) << "round " << round << " step " << step;
      text.push_back(static_cast<int32_t>(random.below(3)));  // also forbidden ones, as in a prompt
      guide.push(text.back());
    }
  }
}

TEST(BannedTokensTest, EmptySequencesAndTokensOutsideTheVocabularyAreRefused) {
  const auto refusal = [](TokenLists sequences) {
    return message_of<InvalidInput>([&] { BannedSequences banned(sequences, kVocab); });
  };
  EXPECT_NE(refusal({{1}, {}}).find("sequence 1 is empty"), std::string::npos);
  EXPECT_NE(refusal({{1, 6}}).find("token 6 is outside the vocabulary of 6"), std::string::npos);
  EXPECT_NE(refusal({{-1}}).find("token -1"), std::string::npos);
  BannedTokensGuide guide(std::make_shared<const BannedSequences>(TokenLists{{1}}, kVocab));
  std::vector<float> logits(7);
  EXPECT_THROW(guide.process(logits), InvalidInput);
}

TEST(ForcedTokensTest, ABeginningIsForcedAndThenAllIsFree) {
  auto guide = forced(TokenAutomaton::begins_with_one_of({{4, 2}, {4, 3, 1}, {0}}, kVocab));
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{0, 4}));
  guide.push(4);
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{2, 3}));
  auto other = guide.clone();
  guide.push(2);
  EXPECT_EQ(allowed(guide).size(), 6u);
  EXPECT_FALSE(guide.finished());
  other->push(3);
  EXPECT_EQ(allowed(*other), (std::vector<int32_t>{1}));
}

TEST(ForcedTokensTest, AnAlternativeThatBeginsAnotherEndsByEosOnly) {
  auto guide = forced(TokenAutomaton::is_one_of({{1}, {1, 2}}, kVocab, 5));
  guide.push(1);
  EXPECT_FALSE(guide.finished());
  EXPECT_EQ(allowed(guide), (std::vector<int32_t>{2, 5}));
  guide.push(2);
  EXPECT_TRUE(guide.finished());
  EXPECT_THROW(TokenAutomaton::is_one_of({{1}, {1, 2}}, kVocab), InvalidInput);
}

TEST(ForcedTokensTest, RandomAlternativesAllowWhatAPlainComparisonAllows) {
  RandomStream random{RandomKey(9)};
  for (int round = 0; round < 100; ++round) {
    TokenLists alternatives;
    for (size_t i = 0; i < 1 + random.below(6); ++i)
      alternatives.push_back(random_tokens(random, 1 + random.below(4), 3));
    auto guide = forced(TokenAutomaton::is_one_of(alternatives, kVocab, 5));
    std::vector<int32_t> text;
    while (!guide.finished()) {
      std::vector<int32_t> expected;
      for (int32_t token = 0; token < 3; ++token) {
        std::vector<int32_t> next = text;
        next.push_back(token);
        const auto goes_on = [&](const auto& alternative) {
          return begins_with(alternative, next);
        };
        if (std::any_of(alternatives.begin(), alternatives.end(), goes_on))
          expected.push_back(token);
      }
      if (std::find(alternatives.begin(), alternatives.end(), text) != alternatives.end())
        expected.push_back(5);
      ASSERT_EQ(allowed(guide), expected) << round;
      text.push_back(expected[random.below(expected.size())]);
      guide.push(text.back());
    }
    if (text.back() == 5) text.pop_back();
    EXPECT_NE(std::find(alternatives.begin(), alternatives.end(), text), alternatives.end())
        << round;
  }
}

TEST(ForcedTokensTest, AnyAutomatonCanBeFollowed) {
  // Pairs of 1 and 2, ended by 3.
  auto guide = forced(
      {{{Kind::bound, {{3, 2}, {1, 1}}}, {Kind::bound, {{2, 0}}}, {Kind::last, {}}}, kVocab});
  for (int pair = 0; pair < 3; ++pair) {
    EXPECT_EQ(allowed(guide), (std::vector<int32_t>{1, 3}));
    guide.push(1);
    EXPECT_EQ(allowed(guide), (std::vector<int32_t>{2}));
    guide.push(2);
  }
  EXPECT_THROW(guide.push(2), InvalidInput);
  guide.push(3);
  EXPECT_TRUE(guide.finished());
}

TEST(ForcedTokensTest, BadAutomataAreRefused) {
  EXPECT_THROW(TokenAutomaton({}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton({{Kind::bound, {{1, 1}}}}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton({{Kind::bound, {{1, 0}, {1, 0}}}}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton({{Kind::free, {{1, 0}}}}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton({{Kind::bound, {{6, 0}}}}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton::begins_with_one_of({}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton::begins_with_one_of({{}}, kVocab), InvalidInput);
  EXPECT_THROW(TokenAutomaton::is_one_of({{1}}, kVocab, 6), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
