// The tokens that a penalty meets are exactly those that complete a run, whatever the tokenizer.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "generation/ngram_penalty.h"
#include "text/utf8.h"

namespace vitrine::generation {
namespace {

std::string random_text(RandomStream& random, uint64_t longest) {
  const std::u32string alphabet = U"真丝棉a麻😀";
  std::u32string text;
  for (uint64_t length = 1 + random.below(longest); length > 0; --length) {
    text += alphabet[random.below(alphabet.size())];
  }
  return text::to_utf8(text);
}

std::vector<std::string> random_tokens(RandomStream& random) {
  std::vector<std::string> tokens{""};
  for (int i = 0; i < 40; ++i) {
    std::string token = random_text(random, 3);
    if (i % 5 == 0) token = token.substr(random.below(token.size()));
    if (i % 7 == 0) token.resize(1 + random.below(token.size()));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

/// Whether a run ends inside the last `added` bytes.
bool completes(std::string_view text, size_t added, const std::vector<std::string>& runs) {
  return std::any_of(runs.begin(), runs.end(), [&](const std::string& run) {
    for (size_t at = text.find(run); at != text.npos; at = text.find(run, at + 1)) {
      if (at + run.size() > text.size() - added) return true;
    }
    return false;
  });
}

TEST(NgramPenaltyProperty, MeetsExactlyTheTokensThatCompleteARun) {
  int64_t met = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    RandomStream random(RandomKey(seed).fold_in("ngram_penalty"));
    const auto tokens = random_tokens(random);
    std::vector<std::string> runs;
    for (int i = 0; i < 4; ++i) runs.push_back(random_text(random, 4));
    NgramPenalty penalty(tokens, runs, 3);
    std::string text;
    for (int step = 0; step < 30; ++step) {
      std::vector<float> logits(tokens.size(), 1);
      penalty.process(logits);
      for (size_t i = 0; i < tokens.size(); ++i) {
        const bool wanted = completes(text + tokens[i], tokens[i].size(), runs);
        met += wanted ? 1 : 0;
        ASSERT_EQ(logits[i], wanted ? -2.0F : 1.0F) << "seed " << seed << ": " << text << "|" << tokens[i];
      }
      const size_t next = random.below(tokens.size());
      text += tokens[next];
      penalty.push(static_cast<int32_t>(next));
    }
  }
  EXPECT_GT(met, 100);
}

TEST(NgramPenaltyProperty, APenaltyThatIsNoneIsRefused) {
  const std::vector<std::string> tokens{"a"}, runs{"a"};
  EXPECT_THROW(NgramPenalty(tokens, runs, 0), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
