// Pictures drawn until they are accepted: by a drawer that is no network, and an inspector that is told what to say.
#include "recipes/resample.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "recipes/inspection_totals.h"

namespace vitrine::recipes {
namespace {

using imagery::Defect;
using imagery::Inspection;

Inspection refused(size_t findings, double score = 0) {
  Inspection inspection;
  inspection.findings.assign(findings, {Defect::indistinct, 0.1, 0.65});
  inspection.score = score;
  return inspection;
}

/// Says of picture i what the i-th list holds, attempt after attempt.
class ResampleTest : public testing::Test {
 protected:
  std::vector<Resampled> run(std::vector<std::vector<Inspection>> verdicts, int attempts) {
    verdicts_ = std::move(verdicts);
    return draw_until_accepted({.seed = 7, .first_index = 0, .count = static_cast<int64_t>(verdicts_.size()), .attempts = attempts}, draw(), inspect());
  }
  DrawPictures draw() {
    return [this](std::span<const PictureSeed> seeds) {
      rounds_.emplace_back(seeds.begin(), seeds.end());
      std::vector<DrawnPicture> drawn(seeds.size());
      for (size_t i = 0; i < seeds.size(); ++i) drawn[i].latents = {static_cast<float>(seeds[i].index), static_cast<float>(made_[seeds[i].index]++)};
      return drawn;
    };
  }
  InspectPictures inspect() {
    return [this](std::span<const DrawnPicture> drawn) {
      std::vector<Inspection> said;
      for (const DrawnPicture& one : drawn) said.push_back(verdicts_[static_cast<size_t>(one.latents[0])][static_cast<size_t>(one.latents[1])]);
      return said;
    };
  }

  std::vector<std::vector<Inspection>> verdicts_;
  std::vector<std::vector<PictureSeed>> rounds_;  // the seeds of each call of the drawer
  std::map<int64_t, int> made_;                   // attempts of each picture
};

TEST_F(ResampleTest, OnlyRefusedPicturesAreDrawnAnewUntilTheyAreAccepted) {
  const auto pictures = run({{Inspection{}}, {refused(1), refused(2), Inspection{}}, {refused(1), Inspection{}}}, 5);
  ASSERT_EQ(rounds_.size(), 3u);
  EXPECT_EQ(rounds_[0].size(), 3u);
  ASSERT_EQ(rounds_[1].size(), 2u);
  EXPECT_EQ(rounds_[1][0].index, 1);
  EXPECT_EQ(rounds_[1][1].index, 2);
  ASSERT_EQ(rounds_[2].size(), 1u);
  EXPECT_EQ(rounds_[2][0].index, 1);
  EXPECT_EQ(pictures[0].attempts, 1);
  EXPECT_EQ(pictures[1].attempts, 3);
  EXPECT_EQ(pictures[1].kept_attempt, 3);
  EXPECT_EQ(pictures[1].first_findings.size(), 1u);
  EXPECT_TRUE(pictures[1].inspection.accepted());
}

TEST_F(ResampleTest, AtTheLimitTheAttemptWithFewestFindingsThenTheHighestScoreIsKept) {
  const auto pictures = run({{refused(2), refused(1, 0.2), refused(1, 0.9), refused(1, 0.9)}, {refused(1, 0.5), refused(2, 2), refused(1, 0.5), refused(3)}}, 4);
  EXPECT_EQ(pictures[0].attempts, 4);
  EXPECT_EQ(pictures[0].kept_attempt, 3);
  EXPECT_EQ(pictures[0].drawn.latents, (std::vector<float>{0, 2}));
  EXPECT_EQ(pictures[1].kept_attempt, 1);
  EXPECT_FALSE(pictures[1].inspection.accepted());
}

TEST_F(ResampleTest, TheKeptSeedIsTheOneThatThePictureWasDrawnWith) {
  const auto pictures = run({{refused(1), Inspection{}}, {Inspection{}}}, 3);
  EXPECT_EQ(pictures[0].seed.seed, attempt_seed(7, 2));
  EXPECT_EQ(pictures[0].seed.seed, rounds_[1][0].seed);
  EXPECT_EQ(pictures[1].seed.seed, 7u);
  EXPECT_EQ(pictures[1].seed.index, 1);
}

TEST_F(ResampleTest, SeedsOfAttemptsDifferAndTheFirstIsTheSeedItself) {
  EXPECT_EQ(attempt_seed(42, 1), 42u);
  EXPECT_NE(attempt_seed(42, 2), attempt_seed(42, 3));
  EXPECT_NE(attempt_seed(42, 2), attempt_seed(43, 2));
  EXPECT_LT(attempt_seed(42, 2), uint64_t{1} << 63);
}

TEST_F(ResampleTest, WithoutInspectionThereIsOneAttempt) {
  const auto pictures = draw_until_accepted({.seed = 1, .first_index = 5, .count = 2, .attempts = 3}, draw(), nullptr);
  EXPECT_EQ(rounds_.size(), 1u);
  EXPECT_EQ(pictures[1].seed.index, 6);
  EXPECT_EQ(pictures[1].attempts, 1);
  EXPECT_THROW(draw_until_accepted({.count = 1, .attempts = 0}, draw(), nullptr), InvalidInput);
}

Json candidate(std::vector<std::string> first, std::vector<std::string> kept, int attempts, const char* label) {
  Json defects = Json::array();
  for (const std::string& defect : kept) defects.push_back({{"defect", defect}, {"value", 1}, {"limit", 2}});
  return {{"first_defects", first}, {"defects", defects}, {"accepted", kept.empty()}, {"attempts", attempts}, {"size_label", label}};
}

TEST(InspectionTotalsTest, RatesAndCountsAreThoseOfTheCandidates) {
  InspectionTotals totals;
  totals.add(candidate({}, {}, 1, "thumbnail"));
  totals.add(candidate({"blank", "indistinct"}, {}, 2, "thumbnail"));
  totals.add(candidate({"size_mismatch", "size_mismatch"}, {"text_like"}, 3, "concept"));
  totals.add(candidate({"blank"}, {"blank"}, 3, "concept"));
  const Json json = totals.to_json();
  EXPECT_EQ(json["availability_before"], 0.25);
  EXPECT_EQ(json["availability_after"], 0.5);
  EXPECT_EQ(json["mean_attempts"], 2.25);
  EXPECT_EQ(json["defects"]["blank"], (Json{{"first", 2}, {"kept", 1}}));
  EXPECT_EQ(json["defects"]["size_mismatch"], (Json{{"first", 1}, {"kept", 0}}));
  EXPECT_EQ(json["size_labels"]["thumbnail"], 2);
  EXPECT_EQ(totals.refused(), 2u);
  const std::string table = totals.table();
  for (const char* part : {"可用率（首次）", "25.0 %  (1/4)", "50.0 %  (2/4)", "2.25", "空白 blank：首次 2，留用 1", "概念图 2 缩略图 2 可上架 0"}) {
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  }
  EXPECT_EQ(table.find("wrong_colour"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::recipes
