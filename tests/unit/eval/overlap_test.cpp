#include "eval/overlap.h"

#include <gtest/gtest.h>

#include <cmath>


namespace vitrine::eval {
namespace {

double bleu(std::u32string_view hypothesis, std::u32string_view reference) { return sentence_bleu(count_bleu(hypothesis, reference)); }

TEST(BleuTest, EqualTextsScoreOneAndStrangersZero) {
  EXPECT_DOUBLE_EQ(bleu(U"一二三四五", U"一二三四五"), 1);
  EXPECT_DOUBLE_EQ(bleu(U"一二三四", U"五六七八"), 0);
  EXPECT_DOUBLE_EQ(bleu(U"", U"五六七八"), 0);
}

TEST(BleuTest, EachMissingOrderHalvesItsStandInAgain) {
  // a b x y against a b c d: 2/4 characters, 1/3 pairs, no triple: 1/(2 * 2), no quadruple: 1/(4 * 1).
  EXPECT_NEAR(bleu(U"abxy", U"abcd"), std::pow(0.5 * (1.0 / 3) * 0.25 * 0.25, 0.25), 1e-15);
}

TEST(BleuTest, AShortTextHasNGramTotalsOfAtLeastOne) {
  // "ab" against "abcd": 1, 1, then 1/(2 * 1), 1/(4 * 1), times exp(1 - 4/2).
  EXPECT_NEAR(bleu(U"ab", U"abcd"), std::exp(-1.0) * std::pow(0.125, 0.25), 1e-15);
}

TEST(BleuTest, MatchesAreClippedToTheReference) {
  const BleuCounts counts = count_bleu(U"aaaa", U"aab");
  EXPECT_EQ(counts.matches, (std::array<int64_t, 4>{2, 1, 0, 0}));
  EXPECT_EQ(counts.totals, (std::array<int64_t, 4>{4, 3, 2, 1}));
}

TEST(BleuTest, TheCorpusScoreSumsCountsAndIsNotSmoothed) {
  EXPECT_DOUBLE_EQ(corpus_bleu(count_bleu(U"abxy", U"abcd")), 0);
  BleuCounts sum = count_bleu(U"abcde", U"abcde");
  sum += count_bleu(U"abxyz", U"abcde");
  // 7/10, 5/8, 3/6, 2/4
  EXPECT_NEAR(corpus_bleu(sum), std::pow(0.7 * 0.625 * 0.5 * 0.5, 0.25), 1e-15);
}

TEST(WordRougeTest, SetsOfWordsAreComparedAndSpacesAreNoWords) {
  const auto& segmenter = text::default_segmenter();
  const WordRouge rouge = word_rouge(U"百搭 百搭，时尚", U"时尚，显瘦", segmenter);
  EXPECT_NEAR(rouge.rouge_1, 2.0 / 3, 1e-7);  // {百搭 ， 时尚} and {时尚 ， 显瘦}: 2 of 3 on both sides
  EXPECT_DOUBLE_EQ(rouge.rouge_2, 0);
  EXPECT_NEAR(rouge.rouge_l, 2.0 * (1.0 / 4) * (1.0 / 3) / (1.0 / 4 + 1.0 / 3), 1e-7);  // one of 4 and of 3 words
  EXPECT_DOUBLE_EQ(word_rouge(U"", U"时尚", segmenter).rouge_1, 0);
}

}  // namespace
}  // namespace vitrine::eval
