#include "eval/diversity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::eval {
namespace {

using Texts = std::vector<std::u32string>;

TEST(FourGramsTest, TheShareIsDistinctOverAll) {
  const FourGrams grams(Texts{U"abcde", U"abcdx", U"abc"});  // abcd bcde, abcd bcdx
  EXPECT_DOUBLE_EQ(grams.distinct_share(), 3.0 / 4);
  EXPECT_DOUBLE_EQ(grams.distinct_share(std::vector<uint32_t>{0, 0}), 2.0 / 4);
  EXPECT_DOUBLE_EQ(FourGrams(Texts{U"abc"}).distinct_share(), 0);
}

TEST(RepetitionTest, OnlyARunOfFourThatComesTwiceCounts) {
  EXPECT_TRUE(repeats_four_gram(U"一二三四，一二三四"));
  EXPECT_TRUE(repeats_four_gram(U"哈哈哈哈哈"));
  EXPECT_FALSE(repeats_four_gram(U"一二三，一二三"));
}

TEST(SelfSimilarityTest, TheLargestLikenessToAnotherProductCounts) {
  const Texts texts = {U"abcd", U"abcd", U"abxy", U"qqqq"};
  const std::vector<uint32_t> groups = {0, 0, 1, 2};
  EXPECT_EQ(catalogue_self_similarity(texts, groups), (std::vector<double>{0.5, 0.5, 0.5, 0}));
  EXPECT_EQ(catalogue_self_similarity(texts, std::vector<uint32_t>{0, 1, 2, 3}), (std::vector<double>{1, 1, 0.5, 0}));
  EXPECT_THROW(catalogue_self_similarity(texts, std::vector<uint32_t>{0}), InvalidInput);
  ThreadPool pool(2);
  EXPECT_EQ(catalogue_self_similarity(texts, groups, std::vector<uint32_t>{3, 1, 0}, pool), (std::vector<double>{0, 0.5, 0.5}));
}

TEST(PairwiseTest, AllPairsOfCandidatesAreAveraged) {
  EXPECT_DOUBLE_EQ(mean_pairwise_rouge_l(Texts{U"ab", U"ab", U"cd"}), 1.0 / 3);
  EXPECT_TRUE(std::isnan(mean_pairwise_rouge_l(Texts{U"ab"})));
}

TEST(CopiedRunsTest, TwentyCharactersInARowAreACopyAndNineteenAreNot) {
  const std::u32string source = U"这款连衣裙采用了轻盈的面料让人一穿上就舍不得脱下来";
  const CopiedRuns runs(Texts{source});
  EXPECT_TRUE(runs.found_in(U"今年" + source.substr(3, 20)));
  EXPECT_FALSE(runs.found_in(U"今年" + source.substr(3, 19)));
  EXPECT_FALSE(runs.found_in(U"短"));
}

}  // namespace
}  // namespace vitrine::eval
