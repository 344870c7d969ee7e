#include "recipes/align_images_report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace vitrine::recipes {
namespace {

const double kNone = std::nan("");

/// Two prompts of two pictures, judged by a CLIP alone.
std::vector<MeasuredRound> models() {
  const auto pictures = [](std::vector<double> scores) {
    std::vector<RewardParts> parts;
    for (const double score : scores) parts.push_back({score, kNone, kNone});
    return parts;
  };
  return {{"base", pictures({18, 22, 18, 22}), 1.0}, {"round-1", pictures({20, 24, 22, 26}), 0.98}};
}

TEST(AlignImagesReportTest, RewardsAreInDeviationsOfTheFirstModel) {
  const Json rows = measured_rounds(models(), {1, 1, 1}, 2, 200);  // base: mean 20, deviation 2
  EXPECT_NEAR(rows[0]["reward"]["mean"].get<double>(), 0, 1e-12);
  EXPECT_NEAR(rows[0]["gain"]["high"].get<double>(), 0, 1e-12);
  EXPECT_NEAR(rows[1]["reward"]["mean"].get<double>(), 1.5, 1e-12);
  // Prompt 0 gains 1 on both pictures, prompt 1 gains 2: resamples lie between.
  EXPECT_NEAR(rows[1]["gain"]["mean"].get<double>(), 1.5, 1e-12);
  EXPECT_NEAR(rows[1]["gain"]["low"].get<double>(), 1, 1e-12);
  EXPECT_NEAR(rows[1]["gain"]["high"].get<double>(), 2, 1e-12);
  EXPECT_EQ(rows[1]["gain"]["n"], 4);
  EXPECT_NEAR(rows[1]["clip_score"]["mean"].get<double>(), 23, 1e-12);
  EXPECT_TRUE(rows[1]["colour_share"].is_null());
  EXPECT_EQ(rows[1]["likeness_to_base"], 0.98);
}

TEST(AlignImagesReportTest, UnequalNumbersOfPicturesAreRefused) {
  auto unequal = models();
  unequal[1].parts.pop_back();
  EXPECT_THROW(measured_rounds(unequal, {1, 1, 1}, 2, 10), InvalidInput);
  EXPECT_THROW(measured_rounds({}, {1, 1, 1}, 2, 10), InvalidInput);
}

TEST(AlignImagesReportTest, ThePageHasEveryModelAndItsPictures) {
  const Json means{{"clip_score", 20.5}, {"category_probability", nullptr}, {"colour_share", nullptr}};
  const Json report{{"models", measured_rounds(models(), {1, 1, 1}, 2, 20)}, {"prompts", {"red dress", "blue dress"}}, {"pictures_per_prompt", 2},
                    {"rounds", Json::array({Json{{"round", 1}, {"drawn", means}, {"best", means}}})}, {"settings", Json::object()}};
  const std::string page = align_images_html(report, {"first png", "second png"});
  for (const char* text : {"round-1", "第 1 轮", "red dress", "20.5", "data:image/png"}) EXPECT_NE(page.find(text), std::string::npos) << text;
}

}  // namespace
}  // namespace vitrine::recipes
