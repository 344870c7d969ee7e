#include "text/lcs.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace vitrine::text {
namespace {

size_t slow_lcs(std::u32string_view a, std::u32string_view b) {
  std::vector<std::vector<size_t>> table(a.size() + 1, std::vector<size_t>(b.size() + 1, 0));
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      table[i][j] = a[i - 1] == b[j - 1] ? table[i - 1][j - 1] + 1 : std::max(table[i - 1][j], table[i][j - 1]);
    }
  }
  return table[a.size()][b.size()];
}

TEST(LcsTest, TheBitParallelLengthEqualsTheTable) {
  RandomStream draws(RandomKey(7));
  for (int round = 0; round < 300; ++round) {
    std::u32string a(draws.below(200), U'a'), b(draws.below(200), U'a');
    const uint64_t alphabet = 1 + draws.below(6);
    for (char32_t& c : a) c += static_cast<char32_t>(draws.below(alphabet));
    for (char32_t& c : b) c += static_cast<char32_t>(draws.below(alphabet));
    EXPECT_EQ(lcs_length(a, b), slow_lcs(a, b)) << a.size() << " " << b.size();
  }
}

TEST(LcsTest, WordBoundariesOf64CharactersAreCrossed) {
  for (const size_t size : {63, 64, 65, 128, 129}) {
    const std::u32string text(size, U'a');
    EXPECT_EQ(lcs_length(text, text), size);
    EXPECT_EQ(lcs_length(text, U"a"), 1u);
  }
}

TEST(CharRougeTest, ItIsTwiceTheCommonLengthOverBothLengths) {
  EXPECT_DOUBLE_EQ(char_rouge_l(U"abcd", U"axc"), 4.0 / 7);
  EXPECT_DOUBLE_EQ(char_rouge_l(U"", U"a"), 0);
}

}  // namespace
}  // namespace vitrine::text
