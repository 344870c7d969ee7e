#include "generation/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

using test::message_of;

/// The text of the tokens, and the hit of the first that completes a string.
struct Found {
  std::string text;
  std::optional<StopHit> hit;
  size_t pushed = 0;
};

Found push_all(const std::vector<std::string>& strings, const TokenBytes& pieces) {
  const auto stop =
      std::make_shared<const StopStrings>(strings, std::make_shared<const TokenBytes>(pieces));
  StopStrings::Matcher matcher(stop);
  Found found;
  for (size_t i = 0; i < pieces.size() && !found.hit; ++i) {
    found.text += pieces[i];
    found.hit = matcher.push(static_cast<int32_t>(i));
    ++found.pushed;
  }
  return found;
}

/// Plain search: by last byte, then by length, then by place.
std::optional<StopHit> first_in(const std::string& text, const std::vector<std::string>& strings) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::optional<StopHit> best;
    for (size_t i = 0; i < strings.size(); ++i) {
      if (!std::string_view(text).substr(0, end).ends_with(strings[i])) continue;
      if (!best || strings[i].size() > strings[best->idx].size())
        best = StopHit{i, end - strings[i].size()};
    }
    if (best) return best;
  }
  return std::nullopt;
}

TEST(StopStringsTest, EverySplitOfTheTextIntoTokensGivesTheSameHit) {
  const std::string text = "裙摆。\n\n完";  // the borders fall inside code points too
  const std::vector<std::string> strings{"\n\n", "摆。"};
  const size_t borders = text.size() - 1;
  for (uint32_t split = 0; split < (1u << borders); ++split) {
    TokenBytes pieces(1);
    for (size_t i = 0; i < text.size(); ++i) {
      pieces.back() += text[i];
      if (i < borders && (split >> i & 1) != 0) pieces.emplace_back();
    }
    const Found found = push_all(strings, pieces);
    ASSERT_EQ(found.hit, (StopHit{1, 3})) << split;
    ASSERT_GE(found.text.size(), 9u) << split;
    ASSERT_LT(found.text.size() - pieces[found.pushed - 1].size(), 9u) << split;
  }
}

TEST(StopStringsTest, AStringThatEndsInsideACodePointIsFound) {
  const std::string half = std::string("完").substr(0, 2);
  EXPECT_EQ(push_all({half}, {"a", "完"}).hit, (StopHit{0, 1}));
}

TEST(StopStringsTest, OfStringsThatEndTogetherTheLongestIsNamedAndOfEqualOnesTheFirst) {
  EXPECT_EQ(push_all({"c", "abc", "bc", "abc"}, {"xab", "c"}).hit, (StopHit{1, 1}));
}

TEST(StopStringsTest, RandomTextsGiveWhatAPlainSearchFinds) {
  RandomStream random{RandomKey(3)};
  const auto letters = [&](size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += static_cast<char>('a' + random.below(2));
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> strings;
    for (size_t i = 0; i < 1 + random.below(4); ++i)
      strings.push_back(letters(1 + random.below(6)));
    TokenBytes pieces;
    std::string text;
    for (int i = 0; i < 8; ++i) text += pieces.emplace_back(letters(random.below(4)));
    ASSERT_EQ(push_all(strings, pieces).hit, first_in(text, strings)) << round;
  }
}

TEST(StopStringsTest, BadStringsAreRefused) {
  const auto bytes = std::make_shared<const TokenBytes>(TokenBytes{"a"});
  const auto refusal = [&](std::vector<std::string> strings) {
    return message_of<InvalidInput>([&] { StopStrings stop(strings, bytes); });
  };
  EXPECT_NE(refusal({"a", ""}).find("string 1 is empty"), std::string::npos);
  EXPECT_NE(refusal({std::string(20000, 'a')}).find("20000 bytes are more than 16384"),
            std::string::npos);
  EXPECT_THROW(StopStrings({"a"}, nullptr), InvalidInput);
}

}  // namespace
}  // namespace vitrine::generation
