#include "eval/retrieval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"

namespace vitrine::eval {
namespace {

std::vector<int64_t> own_pictures(int64_t count) {
  std::vector<int64_t> pictures(static_cast<size_t>(count));
  std::iota(pictures.begin(), pictures.end(), 0);
  return pictures;
}

TEST(RetrievalTest, CountsTheRightAnswerAmongTheFirst) {
  // Text 0 finds its picture first, text 1 second, text 2 third; picture 0 first, 1 third, 2 second.
  const std::vector<float> similarities = {0.9f, 0.5f, 0.1f,  //
                                           0.8f, 0.3f, 0.2f,  //
                                           0.7f, 0.4f, 0.15f};
  const auto report = retrieval(similarities, own_pictures(3), 3);
  EXPECT_EQ(report.num_texts, 3);
  EXPECT_DOUBLE_EQ(report.text_to_picture.at_1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(report.text_to_picture.at_5, 1.0);
  EXPECT_DOUBLE_EQ(report.text_to_picture.mean(), (1.0 / 3 + 1 + 1) / 3);
  EXPECT_DOUBLE_EQ(report.picture_to_text.at_1, 1.0 / 3);
}

TEST(RetrievalTest, TiesAndWhatIsNoNumberComeBeforeTheRightAnswer) {
  const std::vector<float> all_equal(12 * 12, 0.5f);
  const auto report = retrieval(all_equal, own_pictures(12), 12);
  EXPECT_EQ(report.text_to_picture.at_10, 0);
  EXPECT_EQ(report.picture_to_text.at_10, 0);
  const auto small = retrieval(std::vector<float>(4, 0.5f), own_pictures(2), 2);
  EXPECT_EQ(small.text_to_picture.at_1, 0);
  EXPECT_EQ(small.text_to_picture.at_5, 1);
  const std::vector<float> with_nan = {0.9f, std::nanf(""), 0.1f, 0.9f};
  EXPECT_EQ(retrieval(with_nan, own_pictures(2), 2).text_to_picture.at_1, 0.5);
}

TEST(RetrievalTest, APictureWithSeveralTextsCountsItsBestAndOneWithoutIsOnlyInThePool) {
  // Texts 0 and 1 belong to picture 0, text 2 to picture 1; picture 2 has none.
  const std::vector<float> similarities = {0.1f, 0.2f, 0.3f,  //
                                           0.9f, 0.1f, 0.0f,  //
                                           0.5f, 0.6f, 0.9f};
  const std::vector<int64_t> picture_of_text = {0, 0, 1};
  const auto report = retrieval(similarities, picture_of_text, 3);
  EXPECT_DOUBLE_EQ(report.text_to_picture.at_1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(report.picture_to_text.at_1, 1.0);
  EXPECT_EQ(report.num_pictures, 3);
}

TEST(RetrievalTest, WhatDoesNotFitIsRefused) {
  EXPECT_THROW(retrieval(std::vector<float>(5), own_pictures(2), 3), InvalidInput);
  EXPECT_THROW(retrieval(std::vector<float>(4), std::vector<int64_t>{0, 2}, 2), InvalidInput);
  EXPECT_THROW(retrieval({}, {}, 3), InvalidInput);
}

TEST(RetrievalTest, LossIsRelativeToTheBase) {
  RetrievalReport base{.text_to_picture = {0.4, 0.6, 0.8}, .picture_to_text = {0.4, 0.6, 0.8}};
  RetrievalReport tuned = base;
  tuned.picture_to_text = {0.3, 0.5, 0.7};
  EXPECT_NEAR(relative_loss(base, tuned), 1 - 0.55 / 0.6, 1e-12);
  EXPECT_EQ(relative_loss({}, tuned), 0);
  EXPECT_LT(relative_loss(tuned, base), 0);
}

TEST(CosineTest, OfFeaturesOfAnyLength) {
  const std::vector<float> a = {3, 4, 0, 2}, b = {8, 6, 0, -1};
  EXPECT_DOUBLE_EQ(cosine(std::vector<float>{3, 4}, std::vector<float>{8, 6}), 48.0 / 50);
  const FeatureRows rows_a{2, 2, a}, rows_b{2, 2, b};
  EXPECT_EQ(cosines(rows_a, rows_b), (std::vector<float>{0.96f, -0.8f, 0.6f, -1}));
  EXPECT_DOUBLE_EQ(mean_cosine(rows_a, rows_b), (0.96 - 1) / 2);
  EXPECT_THROW(cosine(std::vector<float>{0, 0}, std::vector<float>{1, 0}), InvalidInput);
  EXPECT_THROW(cosines(rows_a, {1, 3, std::vector<float>{1, 1, 1}}), InvalidInput);
}

TEST(ClipScoreTest, IsAHundredCosinesAndNeverNegative) {
  EXPECT_DOUBLE_EQ(clip_score(0.31), 31);
  EXPECT_EQ(clip_score(-0.2), 0);
}

}  // namespace
}  // namespace vitrine::eval
