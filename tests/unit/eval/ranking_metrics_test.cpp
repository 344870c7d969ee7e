#include "eval/ranking_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "data/advertisegen.h"
#include "eval/baseline_rankers.h"
#include "support/temporary_directory.h"

namespace vitrine::eval {
namespace {

using data::PreferencePair;
using test::message_of;

PreferencePair pair_of(const std::string& product, const std::string& source,
                       const std::string& type = "") {
  return {.product_id = product,
          .prompt = "类型#裙",
          .chosen = "好",
          .rejected = "坏",
          .source = source,
          .type = type};
}

const std::vector<PreferencePair> kPairs = {
    pair_of("p1", "human"), pair_of("p1", "synthetic", "shuffled"),
    pair_of("p2", "synthetic", "shuffled"), pair_of("p3", "synthetic", "banned")};
const std::vector<PairScores> kScores = {
    {1, 0}, {0, 2}, {3, 3}, {0.5, -0.5}};  // right, wrong, tie, right

TEST(PairwiseAccuracyTest, SourcesAndTypesAreCountedApartAndATieIsHalf) {
  const std::vector<RankerScores> rankers = {{"R", kScores}};
  const auto rows = pairwise_accuracy(kPairs, rankers, {.resamples = 200});
  ASSERT_EQ(rows.size(), 5u);
  const auto expect = [&](size_t row, const char* source, const char* type, double value, int64_t n,
                          int64_t products) {
    EXPECT_EQ(rows[row].source, source);
    EXPECT_EQ(rows[row].type, type);
    EXPECT_DOUBLE_EQ(rows[row].accuracy[0].value, value) << source << type;
    EXPECT_EQ(rows[row].accuracy[0].n, n);
    EXPECT_EQ(rows[row].accuracy[0].products, products);
  };
  expect(0, "", "", 2.5 / 4, 4, 3);
  expect(1, "human", "", 1, 1, 1);
  expect(2, "synthetic", "", 1.5 / 3, 3, 3);
  expect(3, "synthetic", "banned", 1, 1, 1);
  expect(4, "synthetic", "shuffled", 0.25, 2, 2);
  EXPECT_EQ(rows[1].accuracy[0].interval.low, 1);  // one product: every resample is the same
  EXPECT_LE(rows[0].accuracy[0].interval.low, 0.625);
  EXPECT_GE(rows[0].accuracy[0].interval.high, 0.625);
}

TEST(PairwiseAccuracyTest, PairsOfAProductAreDrawnTogether) {
  // One product right three times, another wrong once: by pairs the mean of a resample could be
  // 0.25; by products it is 1, 0 or 0.75.
  const std::vector<PreferencePair> pairs = {pair_of("a", "human"), pair_of("a", "human"),
                                             pair_of("a", "human"), pair_of("b", "human")};
  const std::vector<RankerScores> rankers = {{"R", {{1, 0}, {1, 0}, {1, 0}, {0, 1}}}};
  const auto accuracy = pairwise_accuracy(pairs, rankers, {.resamples = 500})[0].accuracy[0];
  EXPECT_DOUBLE_EQ(accuracy.value, 0.75);
  EXPECT_EQ(accuracy.interval.low, 0);  // "b" twice comes in a quarter of the resamples
  EXPECT_EQ(accuracy.interval.high, 1);
}

TEST(PairwiseAccuracyTest, ARankerBeatsAnotherWhenTheIntervalsAreDisjoint) {
  std::vector<PreferencePair> pairs;
  RankerScores good{"good", {}}, coin{"coin", {}}, near{"near", {}};
  for (int i = 0; i < 200; ++i) {
    pairs.push_back(pair_of(concat("p", i), "human"));
    good.scores.push_back(i % 10 == 0 ? PairScores{0, 1} : PairScores{1, 0});  // 90 %
    near.scores.push_back(i % 8 == 0 ? PairScores{0, 1} : PairScores{1, 0});   // 87.5 %
    coin.scores.push_back(i % 2 == 0 ? PairScores{0, 1} : PairScores{1, 0});   // 50 %
  }
  const std::vector<RankerScores> rankers = {good, coin, near};
  const auto accuracy = pairwise_accuracy(pairs, rankers, {})[0].accuracy;
  EXPECT_TRUE(beats(accuracy[0], accuracy[1]));
  EXPECT_FALSE(beats(accuracy[1], accuracy[0]));
  EXPECT_FALSE(beats(accuracy[0], accuracy[2]));
}

TEST(PairwiseAccuracyTest, ScoresThatAreMissingOrNotFiniteAreRefusedByRankerAndPair) {
  const std::vector<RankerScores> few = {{"R", {{1, 0}}}};
  EXPECT_NE(message_of<InvalidInput>([&] {
              pairwise_accuracy(kPairs, few, {});
            }).find("R: expected 4 scores, got 1"),
            std::string::npos);
  std::vector<RankerScores> nan = {{"R", kScores}};
  nan[0].scores[2].rejected = NAN;
  EXPECT_NE(message_of<InvalidInput>([&] { pairwise_accuracy(kPairs, nan, {}); }).find("R: pair 2"),
            std::string::npos);
  EXPECT_THROW(pairwise_accuracy({}, {}, {}), InvalidInput);
}

TEST(MarginsTest, TheMeanAndTheQuantilesAreOfTheDifferences) {
  const Margins result = margins(kPairs, kScores, {.resamples = 50});  // 1, -2, 0, 1
  EXPECT_DOUBLE_EQ(result.mean.value, 0);
  EXPECT_EQ(result.mean.n, 4);
  ASSERT_EQ(result.quantiles.size(), 5u);
  EXPECT_DOUBLE_EQ(result.quantiles[2].first, 0.5);
  EXPECT_DOUBLE_EQ(result.quantiles[2].second, 0.5);   // between 0 and 1
  EXPECT_DOUBLE_EQ(result.quantiles[1].second, -0.5);  // sorted -2 0 1 1 at 0.75
}

TEST(CalibrationTest, APairStandsInTheTableInBothOrientations) {
  // Margins ln 3 and -ln 3: probabilities 0.75 and 0.25 of the chosen text. Entries by probability:
  // (0.25, not chosen), (0.25, chosen), (0.75, chosen), (0.75, not chosen): each of two bins has
  // half of them chosen.
  const std::vector<PreferencePair> pairs = {pair_of("a", "human"), pair_of("b", "human")};
  const std::vector<PairScores> scores = {{std::log(3.0), 0}, {0, std::log(3.0)}};
  const auto result = calibration(pairs, scores, {.resamples = 50, .reliability_bins = 2});
  ASSERT_EQ(result.bins.size(), 2u);
  EXPECT_EQ(result.bins[0].n, 2);
  EXPECT_NEAR(result.bins[0].predicted, 0.25, 1e-12);
  EXPECT_DOUBLE_EQ(result.bins[0].observed, 0.5);
  EXPECT_NEAR(result.bins[1].predicted, 0.75, 1e-12);
  EXPECT_DOUBLE_EQ(result.bins[1].observed, 0.5);
  EXPECT_NEAR(result.ece.value, 0.25, 1e-12);
}

TEST(CalibrationTest, ProbabilitiesThatComeTrueGiveNoError) {
  std::vector<PreferencePair> pairs;
  std::vector<PairScores> scores;  // margin ln 3, three of four pairs right
  for (int i = 0; i < 40; ++i) {
    pairs.push_back(pair_of(concat("p", i), "human"));
    scores.push_back(i % 4 == 0 ? PairScores{0, std::log(3.0)} : PairScores{std::log(3.0), 0});
  }
  const auto result = calibration(pairs, scores, {.resamples = 100, .reliability_bins = 2});
  EXPECT_NEAR(result.ece.value, 0, 1e-12);
  EXPECT_GE(result.ece.interval.low, 0);
  EXPECT_EQ(result.ece.n, 40);
  EXPECT_EQ(result.ece.products, 40);
}

TEST(CalibrationTest, TiesGiveHalfAndBinsDifferByAtMostOneEntry) {
  std::vector<PreferencePair> pairs(7, pair_of("a", "human"));
  const std::vector<PairScores> scores(7, PairScores{2, 2});
  const auto result = calibration(pairs, scores, {.resamples = 5, .reliability_bins = 4});
  int64_t all = 0;
  for (const auto& bin : result.bins) {
    EXPECT_GE(bin.n, 3);
    EXPECT_LE(bin.n, 4);
    EXPECT_DOUBLE_EQ(bin.predicted, 0.5);
    all += bin.n;
  }
  EXPECT_EQ(all, 14);
}

TEST(DisagreementTest, OppositeOrdersCountOneAndALoneTieHalf) {
  const std::vector<PairScores> other = {
      {0, 1}, {0, 1}, {1, 1}, {1, 1}};  // opposite, same, both tie, lone tie
  const auto result = disagreement(kPairs, kScores, other, {.resamples = 20});
  EXPECT_DOUBLE_EQ(result.value, 1.5 / 4);
}

TEST(BaselineRankersTest, EachScoresByOneThingAlone) {
  const auto product = data::product_from_content("类型#裙*颜色#红色*材质#棉");
  EXPECT_EQ(length_score("红色 棉裙。"), 5);
  EXPECT_DOUBLE_EQ(coverage_score("红色的裙子", product), 2.0 / 3);
  const auto& checker = checks::Checker::shipped();
  const double clean = rules_score("这款红色的棉裙简约大方。", product, checker);
  EXPECT_LT(rules_score("这款红色的棉裙全国第一。", product, checker), clean);
  EXPECT_EQ(random_score("一", "p", 3), random_score("一", "p", 3));
  EXPECT_NE(random_score("一", "p", 3), random_score("二", "p", 3));
  EXPECT_NE(random_score("一", "p", 3), random_score("一", "q", 3));
  EXPECT_NE(random_score("一", "p", 3), random_score("一", "p", 4));
}

TEST(BaselineRankersTest, AllPairsAreScoredByAllFour) {
  const auto product = data::product_from_content("类型#裙*颜色#红色");
  const std::vector<PreferencePair> pairs = {{.product_id = "p",
                                              .prompt = "",
                                              .chosen = "红色的裙子。",
                                              .rejected = "裙子全国第一，全国第一。",
                                              .source = "rule",
                                              .type = ""}};
  ThreadPool pool(1);
  const std::vector<data::Product> products = {product};
  const auto rankers = baseline_rankers(pairs, products, checks::Checker::shipped(), 0, pool);
  ASSERT_EQ(rankers.size(), 4u);
  EXPECT_EQ(rankers[0].name, kLengthRanker);
  EXPECT_LT(rankers[0].scores[0].margin(), 0);
  EXPECT_EQ(rankers[1].name, kCoverageRanker);
  EXPECT_DOUBLE_EQ(rankers[1].scores[0].margin(), 0.5);
  EXPECT_EQ(rankers[2].name, kRulesRanker);
  EXPECT_GT(rankers[2].scores[0].margin(), 0);
  EXPECT_EQ(rankers[3].name, kRandomRanker);
  EXPECT_THROW(baseline_rankers(pairs, {}, checks::Checker::shipped(), 0, pool), InvalidInput);
}

}  // namespace
}  // namespace vitrine::eval
