// Clicks as weighted pairs, beside values computed by hand.
#include "data/feedback.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::data {
namespace {

FeedbackRow row(std::string text, int64_t impressions, int64_t clicks) {
  return {"p1", "类型#裙", std::move(text), impressions, clicks};
}

TEST(FeedbackTest, SmoothsTheRateByOneClickInFifty) {
  EXPECT_DOUBLE_EQ(smoothed_click_rate(row("甲", 950, 9)), 0.01);
}

// 30/1000 against 10/1000: pooled 0.02, z = 0.02 / sqrt(0.02 * 0.98 * 0.002) = 3.1944.
// Smoothed 31/1050 and 11/1050: logits ln(31/1019) - ln(11/1039) = 1.0555, more than 1.
TEST(FeedbackTest, AClearDifferenceGivesAPairWhoseWeightEndsAtOne) {
  const auto better = row("甲", 1000, 30), worse = row("乙", 1000, 10);
  EXPECT_NEAR(click_rate_z(better, worse), 3.1944, 1e-4);
  EXPECT_NEAR(click_rate_z(worse, better), -3.1944, 1e-4);
  const PreferencePair expected{"p1", "类型#裙", "甲", "乙", "feedback", "click_rate", 1};
  EXPECT_EQ(feedback_pair(better, worse), expected);
  EXPECT_EQ(feedback_pair(worse, better), expected);
}

// 120/10000 against 90/10000: pooled 0.0105, z = 0.003 / sqrt(0.0105 * 0.9895 * 0.0002) = 2.0812.
// Smoothed 121/10050 and 91/10050: ln(121/9929) - ln(91/9959) = 0.28795.
TEST(FeedbackTest, ASmallDifferenceWeighsItsLogits) {
  const auto pair = feedback_pair(row("甲", 10000, 120), row("乙", 10000, 90));
  ASSERT_TRUE(pair);
  EXPECT_NEAR(pair->weight, 0.28795, 1e-4);
}

// 118/10000 against 91/10000: z = 1.8774.
TEST(FeedbackTest, AnUnclearDifferenceGivesNoPair) {
  EXPECT_FALSE(feedback_pair(row("甲", 10000, 118), row("乙", 10000, 91)));
}

TEST(FeedbackTest, FewImpressionsGiveNoPair) {
  EXPECT_FALSE(feedback_pair(row("甲", 99, 50), row("乙", 1000, 10)));
  EXPECT_TRUE(feedback_pair(row("甲", 100, 50), row("乙", 1000, 10)));
}

TEST(FeedbackTest, NoClicksAtAllGiveNoPair) {
  EXPECT_FALSE(feedback_pair(row("甲", 1000, 0), row("乙", 1000, 0)));
}

// 90/100 against 80000/100000 is z = 2.5, but smoothed 91/150 is less than 80001/100050.
TEST(FeedbackTest, AnOrderThatSmoothingTurnsRoundGivesNoPair) {
  EXPECT_FALSE(feedback_pair(row("甲", 100, 90), row("乙", 100000, 80000)));
}

TEST(FeedbackTest, PeriodsOfOneTextAreAddedUpAndProductsStayApart) {
  FeedbackRow other = row("丙", 1000, 300);
  other.product_id = "p2";
  const std::vector<FeedbackRow> rows = {row("甲", 500, 20), row("乙", 1000, 10), other,
                                         row("甲", 500, 10)};
  const auto pairs = feedback_pairs(rows);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0], feedback_pair(row("甲", 1000, 30), row("乙", 1000, 10)));
}

TEST(FeedbackTest, BadNumbersAreRejectedWithRowAndField) {
  const std::string head = R"({"product_id":"p1","prompt":"类型#裙","text":"甲",)";
  test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "f.jsonl", head +
                                                   R"("impressions":1000,"clicks":1001})"
                                                   "\n" +
                                                   head +
                                                   R"("impressions":-5,"clicks":0})"
                                                   "\n" +
                                                   head +
                                                   R"("impressions":1000,"clicks":"NaN"})"
                                                   "\n" +
                                                   head +
                                                   R"("impressions":NaN,"clicks":1})"
                                                   "\n" +
                                                   head +
                                                   R"("impressions":1000})"
                                                   "\n" +
                                                   head +
                                                   R"("impressions":1000,"clicks":10})"
                                                   "\n");
  const FeedbackFile file = read_feedback_file(folder.path() / "f.jsonl");
  std::vector<std::string> found;
  for (const auto& entry : file.report.entries)
    found.push_back(std::to_string(entry.row) + " " + entry.column + " " + entry.code);
  EXPECT_EQ(found, (std::vector<std::string>{"1 clicks BAD_NUMBER", "2 impressions BAD_NUMBER",
                                             "3 clicks BAD_NUMBER", "4  NOT_JSON",
                                             "5 clicks MISSING_REQUIRED"}));
  EXPECT_EQ(file.report.rows_kept, 1);
  FeedbackRow out;
  EXPECT_EQ(read_feedback(Json{{"product_id", "p"},
                               {"prompt", "x"},
                               {"text", "甲"},
                               {"impressions", std::nan("")},
                               {"clicks", 0}},
                          out)
                ->value,
            "nan");
}

}  // namespace
}  // namespace vitrine::data
